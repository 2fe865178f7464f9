"""The log: one list of everything that arrived, live."""

from datetime import UTC, datetime
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from audit import ids, pages
from connections.models import Connection
from people.access import person_of
from webhooks import replay, timeline
from webhooks.lines import lines
from webhooks.models import SavedView


@require_GET
def log(request: HttpRequest) -> HttpResponse:
    """Show the log as the address filters it, and where the page hears of what comes next."""
    person = person_of(request)
    after = ids.id_at(
        datetime.now(UTC)
    )  # before the rows are read: nothing falls between them and the stream
    page, filters = timeline.page(person, request)
    context = {
        "page": page,
        "lines": lines(page.rows),
        "filters": filters,
        "live_url": _live_url(request),
        "after": after,
        "usual": ("connection", "type", "state", "mark", "q"),
        "more_open": any(map(request.GET.get, ("cause", "object", "path", "tests", "since", "until"))),
        "kind": request.GET.get("kind", ""),
        "kinds": _kinds(request),
        "views": SavedView.objects.filter(person=person),
        "can_run": person.may("operator"),
        "replay_target": f"{reverse('webhooks:replay_many')}?{request.GET.urlencode()}",
        "replay_text": gettext(
            "The newest {most} at most that the filter shows; rules may run again."
        ).format(most=replay.MOST),
        "connections": Connection.objects.for_user(person).order_by("name")[:1],
    }
    return render(request, "webhooks/log.html", context)


def _kinds(request: HttpRequest) -> list[tuple[str, pages.Words, str, None]]:
    """Return the tabs that divide the log; they keep the other filters and begin at the newest."""
    found: list[tuple[str, pages.Words, str, None]] = []
    for kind, label in (("", gettext("All")), *timeline.KINDS):
        query = request.GET.copy()
        for name in ("kind", "after", "before"):
            query.pop(name, None)
        if kind:
            query["kind"] = kind
        found.append((kind, label, f"?{query.urlencode()}", None))
    return found


def _live_url(request: HttpRequest) -> str:
    """Return the stream of this page; "" for an older page, and for filters that only the database can
    answer.
    """
    asked = {name: value for name, value in request.GET.items() if value}
    return "" if set(asked) - timeline.LIVE else f"/live/?{urlencode({'topic': 'log', **asked})}"
