"""Pages of anything that is ordered by time: keyset cursors and filters, both in the address."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from audit import along, ids
from audit.along import Narrow, Way

LARGEST = (1 << 63) - 1  # bigint
CURSORS = ("after", "before")

M = TypeVar("M", bound=Model)
Rows = QuerySet[Any]
Words = str | Promise  # a promise is translated when it is shown
Choices = Sequence[tuple[str, Words]]
FROM, TO = _("From"), _("To")
MINUTE = "T"  # a day that has it names a minute, too


@dataclass(frozen=True)
class Page(Generic[M]):
    """The rows of one page, newest first, with cursors and addresses of its neighbours."""

    rows: list[M]
    next_cursor: int | None
    previous_cursor: int | None
    next_url: str = ""
    previous_url: str = ""


def keyset(queryset: QuerySet[M], request: HttpRequest, size: int = 50) -> Page[M]:
    """Return the page that `?after=` (older) or `?before=` (newer) asks for; a wrong cursor is the start.

    The queryset's primary key must be an `audit.ids` id. One query of size + 1 rows, no OFFSET, no count.
    """
    return merged([queryset], request, size)


def merged(querysets: Sequence[QuerySet[Any]], request: HttpRequest, size: int = 50) -> Page[Any]:
    """Return one page over several tables whose ids share one time line."""
    after, before = (_cursor(request.GET.get(name, "")) for name in CURSORS)
    if before is not None:
        rows = along.nearest(querysets, size + 1, before, upwards=True)
        if len(rows) > size:
            return _page(rows[:size][::-1], request.GET, newer=True, older=True)
        after = None  # fewer than a page: show the first page in full
    rows = along.nearest(querysets, size + 1, after)
    return _page(rows[:size], request.GET, newer=after is not None, older=len(rows) > size)


def _page(rows: list[M], query: QueryDict, *, newer: bool, older: bool) -> Page[M]:
    last = rows[-1].pk if rows and older else None
    first = rows[0].pk if rows and newer else None
    return Page(rows, last, first, _url(query, after=last), _url(query, before=first))


def _cursor(text: str) -> int | None:
    return (
        int(text) if text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= LARGEST else None
    )


def _url(query: QueryDict, **cursor: int | None) -> str:
    name, value = next(iter(cursor.items()))
    if value is None:
        return ""
    members = query.copy()
    for other in CURSORS:
        members.pop(other, None)
    members[name] = str(value)
    return f"?{members.urlencode()}"


@dataclass(frozen=True)
class Filter:
    """One question a list can be asked. `narrow` returns the rows that pass, or the way that leads along
    them alone; it raises ValueError for a senseless value. Without choices (None) it takes any text; a new
    house has no connection to choose, and still that is a choice.
    """

    name: str
    label: Words
    narrow: Narrow
    choices: Choices | Callable[[], Choices] | None = None
    kind: str = "search"
    hint: Words = ""


@dataclass(frozen=True)
class Control:
    """A filter as the bar shows it: with its value, its choices now, and what is wrong."""

    name: str
    label: Words
    value: str
    choices: Choices | None = None
    kind: str = "search"
    hint: Words = ""
    error: str = ""


@dataclass(frozen=True)
class Filters(Generic[M]):
    """The filter bar: its controls, the rows that pass, whether anything is asked."""

    controls: list[Control]
    queryset: QuerySet[M]
    active: bool
    clear_url: str = field(default="?")

    @property
    def active_count(self) -> int:
        """How many filters have a value."""
        return sum(bool(control.value) for control in self.controls)


def asked_once(filters: Sequence[Filter]) -> list[Filter]:
    """Return the filters with the choices that they have now, for a list of several tables."""
    return [replace(one, choices=one.choices()) if callable(one.choices) else one for one in filters]


def filtered(queryset: QuerySet[M], request: HttpRequest, filters: Sequence[Filter]) -> Filters[M]:
    """Ask a list what the address asks: unknown names are ignored, a senseless value finds nothing."""
    controls: list[Control] = []
    ways: list[Way] = []
    within = along.sample(queryset.model, _place(request))
    if any(request.GET.get(one.name) for one in filters if one.kind == "date"):
        within = queryset.model._default_manager.all()  # up to those days
    for one in filters:
        value = request.GET.get(one.name, "").replace("\0", "").strip()[:200]
        choices = one.choices() if callable(one.choices) else one.choices
        error = ""
        if value:
            queryset, error = _narrowed(queryset, one, value, choices, ways)
            if one.kind == "date":
                within, _ = _narrowed(within, one, value, choices, [])
        kind = "datetime-local" if one.kind == "date" and MINUTE in value else one.kind
        controls.append(Control(one.name, one.label, value, choices, kind, one.hint, error))
    queryset = along.ordered(queryset, ways, within)
    return Filters(controls, queryset, any(control.value for control in controls))


def _place(request: HttpRequest) -> int | None:
    cursors = (_cursor(request.GET.get(name, "")) for name in CURSORS)
    return next((one for one in cursors if one is not None), None)


def _narrowed(
    queryset: QuerySet[M], one: Filter, value: str, choices: Choices | None, ways: list[Way]
) -> tuple[QuerySet[M], str]:
    try:
        if choices is not None and value not in {known for known, _ in choices}:
            raise ValueError(gettext("There is no such choice."))
        found = one.narrow(queryset, value)
    except ValueError as problem:
        return queryset.none(), str(problem)
    if isinstance(found, Way):
        ways.append(found)
        return queryset.filter(found.condition), ""
    return found, ""


def exact(name: str, label: Words, choices: Choices | Callable[[], Choices], lookup: str = "") -> Filter:
    """Return a filter by one of some choices; `lookup` is the field when it has another name."""
    return Filter(name, label, by(lookup or name), choices)


def by(name: str) -> Narrow:
    """Return what narrows rows to one value of a field, along its index if it has one for all rows."""

    def narrow(rows: Rows, value: Any) -> Rows | Way:
        return along.way(rows, {name: value}, partial=False) or rows.filter(**{name: value})

    return narrow


def since(name: str = "since", label: Words = FROM) -> Filter:
    """Return a filter by the first day (UTC), or minute, that still counts."""
    return Filter(
        name, label, lambda rows, value: rows.filter(pk__gte=ids.id_at(_moment(value))), kind="date"
    )


def until(name: str = "until", label: Words = TO) -> Filter:
    """Return a filter by the last day (UTC) that still counts, or by the minute that ends it."""
    return Filter(name, label, lambda rows, value: rows.filter(pk__lt=ids.id_at(_end(value))), kind="date")


def _end(text: str) -> datetime:
    return _moment(text) if MINUTE in text else _moment(text) + timedelta(days=1)


def _moment(text: str) -> datetime:
    """Return the start of a day, or a minute as a chart's link names it: 2026-11-24T18:00."""
    try:
        shape = "%Y-%m-%dT%H:%M" if MINUTE in text else "%Y-%m-%d"
        moment = datetime.strptime(text, shape).replace(tzinfo=timezone.get_default_timezone())
    except ValueError:
        raise ValueError(gettext("A day is written like 2026-11-24.")) from None
    if not 1970 <= moment.year <= 2200:
        raise ValueError(gettext("The year must lie between 1970 and 2200."))
    return moment


def capped_count(queryset: Rows, limit: int = 10_000) -> str:
    """Return how many rows there are as text, counting no further than `limit`: “10,000+”."""
    count = queryset.order_by()[: limit + 1].count()
    return f"{limit:,}+" if count > limit else f"{count:,}"
