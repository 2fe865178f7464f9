"""Events and refusals as one list, newest first: what the log page shows, filters and pages through."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial, reduce
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from audit import along, pages
from audit.along import Narrow, Way
from connections.models import Connection
from people.models import Person
from webhooks import search
from webhooks.models import Cause, Event, Hydration, Mark, Rejection, State
from webhooks.models.events import in_state, marked

Rows = QuerySet[Any]
Row = Event | Rejection
Find = Callable[[Rows, str], Rows]
SIZE = 50


def _events(name: str) -> Narrow:
    """Narrow events by a value; refusals have no such thing, so none of them is left."""
    return lambda rows, value: along.way(rows, {name: value}) or rows.none()


def _state(rows: Rows, value: str, part: Q | None = None) -> Rows | Way:
    """Narrow events to a state; all but a few are processed, and walked over. Of those that wait there are
    next to none.
    """
    if rows.model is not Event:
        return rows.none()
    meets = part or reduce(or_, in_state(value))
    return rows.filter(meets) if value == State.PROCESSED else Way(meets, few=value == State.RECEIVED)


def states(value: str) -> list[Narrow]:
    """Return what narrows events to a state, for each part of them that an index has in the order of ids."""
    return [partial(_state, part=one) for one in in_state(value)]


def _mark(rows: Rows, value: str) -> Rows | Way:
    if rows.model is not Event:
        return rows.filter(test=True) if value == Mark.TEST else rows.none()
    return rows.filter(hydration=value) if value in Hydration.values else Way(marked(value))


def _kind(rows: Rows, value: str) -> Rows:
    return rows if (rows.model is Event) == (value == "events") else rows.none()


def _tests(rows: Rows, value: str) -> Rows:
    return rows.filter(test=False) if rows.model is Rejection else rows.exclude(marks__contains=[Mark.TEST])


def _cause(rows: Rows, value: str) -> Rows:
    return rows.filter(cause=value) if rows.model is Rejection else rows.none()


def _connections() -> list[tuple[str, str]]:
    return [(str(pk), name) for pk, name in Connection.objects.order_by("name").values_list("pk", "name")]


def _words(rows: Rows, value: str, find: Find = search.words) -> Rows:
    if rows.model is Event:
        return find(rows, value)
    said = ("detail", "path", "delivery_id", "peer")
    return rows.filter(reduce(or_, (Q(**{f"{name}__icontains": value}) for name in said)))


def _path(rows: Rows, value: str, find: Find = search.path) -> Rows:
    search.parsed(value)  # a path that makes no sense is told so on both sides
    return find(rows, value) if rows.model is Event else rows.none()


by_type, by_object = _events("type"), _events("object_id")
KINDS = (("events", _("Events")), ("refused", _("Refused")))
MARKS = (*Mark.choices, *((value, label) for value, label in Hydration.choices if value))
FILTERS = (
    pages.Filter("kind", _("Show"), _kind, KINDS),
    pages.exact("connection", _("Connection"), _connections),
    pages.Filter("type", _("Type"), by_type, hint="batch.completed"),
    pages.Filter("state", _("State"), _state, State.choices),
    pages.Filter("mark", _("Mark"), _mark, MARKS),
    pages.Filter("cause", _("Refused because"), _cause, Cause.choices),
    pages.Filter("object", _("Object id"), by_object, hint="batch_…"),
    pages.Filter("tests", _("Tests"), _tests, (("hide", _("Hidden")),)),
    pages.since(),
    pages.until(),
    # Last, so that they search only what the others leave.
    pages.Filter("path", _("JSON path = value"), _path, hint="data.status=completed"),
    pages.Filter("q", _("Search"), _words, hint=_("words or an id")),
)
# A page shows the newest matches of a search; a file has them all, because it walks the partitions.
WHOLE = (
    *FILTERS[:-2],
    replace(FILTERS[-2], narrow=partial(_path, find=search.all_paths)),
    replace(FILTERS[-1], narrow=partial(_words, find=search.all_words)),
)
SEARCHES = frozenset({"path", "q"})
LIVE = frozenset({"kind", "connection", "type", "state", "mark", "cause", "object", "tests"})


def facts(row: Row) -> dict[str, str | frozenset[str]]:
    """Return what the live line compares with a page's filter: the same names as the filters above."""
    common = {"connection": str(row.connection_id or ""), "kind": "events" if row.is_event else "refused"}
    if isinstance(row, Rejection):
        marks = frozenset({Mark.TEST.value} if row.test else ())
        return {**common, "cause": row.cause, "mark": marks, "tests": "" if row.test else "hide"}
    marks = frozenset({*row.marks, row.hydration} - {""})
    return {
        **common,
        "type": row.type,
        "state": row.state,
        "object": row.object_id,
        "mark": marks,
        "tests": "" if Mark.TEST in marks else "hide",
    }


def page(
    person: Person, request: HttpRequest, size: int = SIZE
) -> tuple[pages.Page[Any], pages.Filters[Any]]:
    """Return the page of the log that the address asks for, and its filter bar."""
    filters = pages.asked_once(FILTERS)
    sides = []
    for narrow in states(request.GET.get("state", "").strip()):
        own = [replace(one, narrow=narrow) if one.name == "state" else one for one in filters]
        sides.append(pages.filtered(Event.objects.for_user(person).listed(), request, own))
    sides.append(pages.filtered(Rejection.objects.for_user(person).listed(), request, filters))
    return pages.merged([side.queryset for side in sides], request, size), sides[0]


def narrowed(person: Person, request: HttpRequest) -> Rows:
    """Return the events that the address asks for, newest first, with bodies: for replays."""
    rows = Event.objects.for_user(person).select_related("connection")
    return along.newest(pages.filtered(rows, request, FILTERS).queryset)


def whole(person: Person, request: HttpRequest, *, refused: bool = False) -> Rows:
    """Return everything on one side of the log that the address asks for, newest first: for files."""
    model = Rejection if refused else Event
    rows = model.objects.for_user(person).select_related("connection")
    return along.newest(pages.filtered(rows, request, WHOLE).queryset)
