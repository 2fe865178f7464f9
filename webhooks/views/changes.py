"""What people do to events: note, process again, complete, send again, redact."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_POST

from audit import log
from people import notices
from people.access import person_of, role_required
from webhooks import hydrate, redaction, replay, timeline
from webhooks.models import Event, Rejection, Remark
from webhooks.sends import CannotSend
from webhooks.views.detail import MODELS
from webhooks.wake import wake


@require_POST
@role_required("operator")
def note(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Add a person's note to an event or a refusal."""
    row: Event | Rejection = get_object_or_404(
        MODELS[kind].objects.for_user(person_of(request)).light(), pk=pk
    )
    if text := _text(request, "text", 4000):
        Remark.objects.create(row_id=row.pk, kind="note", text=text, person=person_of(request))
        messages.success(request, gettext("The note is kept."))
    return redirect(f"{row.get_absolute_url()}?tab=notes")


@require_POST
@role_required("operator")
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Process one event once more."""
    event = _event(request, pk)
    replay.process_again([event], person_of(request))
    log.record("webhook.replayed", request=request, target=("event", event.code, str(event)))
    messages.success(request, gettext("It is being processed again."))
    return redirect(event)


@require_POST
@role_required("operator")
def replay_many(request: HttpRequest) -> HttpResponse:
    """Process again the events that the log's filter shows, newest first, at most 500."""
    events = timeline.narrowed(person_of(request), request)[: replay.MOST]
    count = replay.process_again(events, person_of(request))
    notices.tell_when_over(
        "events",
        [event.pk for event in events],
        person_of(request),
        gettext_noop("%(count)s events were processed again."),
        f"/log/?{request.GET.urlencode()}",
        count=count,
    )
    log.record("webhook.replayed", request=request, after={"count": count, "filter": request.GET.urlencode()})
    messages.success(request, gettext("{count} events are being processed again.").format(count=count))
    return redirect(f"/log/?{request.GET.urlencode()}")


@require_POST
@role_required("operator")
def complete(request: HttpRequest, pk: int) -> HttpResponse:
    """Fetch the object of a thin event once more."""
    event = _event(request, pk)
    hydrate.again(event)
    transaction.on_commit(lambda: wake("complete_event", event.pk))
    messages.success(request, gettext("Its object is being fetched."))
    return redirect(event)


@require_POST
@role_required("operator")
def resend(request: HttpRequest, pk: int) -> HttpResponse:
    """Send an event, signed anew, to the URL that the person gives."""
    event, url = _event(request, pk), _text(request, "url", 2000)
    try:
        status = replay.resend(event, url, person_of(request))
    except CannotSend as error:
        messages.error(request, str(error))
    else:
        log.record(
            "webhook.resent", request=request, target=("event", event.code, str(event)), after={"url": url}
        )
        messages.success(request, gettext("It was sent, and answered with {status}.").format(status=status))
    return redirect(event)


@require_POST
@role_required("admin")
def redact(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an event's payload away for good."""
    event, reason = _event(request, pk), _text(request, "reason", 300)
    redaction.redact(event, person_of(request), reason or gettext("no reason given"))
    messages.success(request, gettext("The payload is gone; a tombstone stays."))
    return redirect(event)


def _event(request: HttpRequest, pk: int) -> Event:
    rows = Event.objects.for_user(person_of(request)).select_related("connection")
    found: Event = get_object_or_404(rows, pk=pk)
    return found


def _text(request: HttpRequest, name: str, most: int) -> str:
    return request.POST.get(name, "").replace("\0", "").strip()[:most]
