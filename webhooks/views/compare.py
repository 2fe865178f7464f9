"""Two events of one type side by side."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from audit import along, ids
from people.access import person_of
from webhooks import payload
from webhooks.comparing import differences
from webhooks.fields import mapped_all
from webhooks.models import Event

OTHERS = 30  # events of the same type that are offered


@require_GET
def compare(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what differs between an event and another one of its type, by default the one before it."""
    events = Event.objects.for_user(person_of(request)).select_related("connection")
    event = get_object_or_404(events, pk=pk)
    alike = along.exactly(events, type=event.type).exclude(pk=pk)
    other = alike.filter(pk=_chosen(request)).first() or alike.filter(pk__lt=pk).first()
    context = {
        "row": event,
        "other": other,
        "others": alike.defer("body", "headers", "view")[:OTHERS],
        **(_compared(other, event) if other else {}),
    }
    return render(request, "webhooks/compare.html", context)


def _compared(before: Event, after: Event) -> dict[str, object]:
    documents = [payload.document(one.raw) for one in (before, after)]
    fields = mapped_all([before, after])
    return {
        "problem": next((one.problem for one in documents if one.problem), ""),
        "body": differences(*(one.value for one in documents))
        if not any(one.problem for one in documents)
        else [],
        "fields": differences(*(fields[one.pk].picked.resolved for one in (before, after))),
    }


def _chosen(request: HttpRequest) -> int:
    try:
        return ids.decode("evt", request.GET.get("with", ""))
    except ValueError:
        return 0
