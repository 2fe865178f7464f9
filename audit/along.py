"""Lists along the index of what they are asked for, so that they read no other rows, whatever came last.

Left to itself PostgreSQL walks the primary key where a value is frequent, past all that arrived of others
meanwhile: after a burst of 12,000 events of another connection a busy one's first page read 12,051 rows.
`= ANY` of one value is no constant to its planner, so an order by that column and the id can only be
had from the index on both.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.contrib.postgres.fields import ArrayField
from django.db import connection, transaction
from django.db.models import BooleanField, F, Func, Model, Q, QuerySet, Value

from audit import ids

SAMPLE = 100  # newest rows by which two ways are compared
WEEK = timedelta(weeks=1)

Rows = QuerySet[Any]


class Way(NamedTuple):
    """A condition, and the columns before the id of the index that holds its rows in the order of ids.

    No columns: an index of its own holds nothing but these rows. `few`: no week has a page of them.
    """

    condition: Q
    columns: tuple[str, ...] = ()
    few: bool = False


class Is(Func):
    """A field has just this value: as true as `=`, but the planner may not leave it out of an order."""

    template, arg_joiner, output_field = "%(expressions)s)", " = ANY(", BooleanField()

    def __init__(self, one: Any, value: Any) -> None:
        """Take the model's field and the value."""
        kind = type(getattr(one, "target_field", one))
        super().__init__(F(one.attname), Value([value], output_field=ArrayField(kind())))


Narrow = Callable[[Rows, Any], Rows | Way]


def way(rows: Rows, values: Mapping[str, Any], *, partial: bool = True) -> Way | None:
    """Return the way of the rows with just these values; None when no index has them in the order of ids.

    An index that leaves rows out counts unless `partial` is false: the caller knows that these are not.
    """
    for index in rows.model._meta.indexes:
        *columns, (last, direction) = index.fields_orders or [("", "")]
        whole = partial or not index.condition
        if last == "id" and [name for name, _ in columns] == list(values) and whole:
            fields = [rows.model._meta.get_field(name) for name in values]
            same = [Is(one, value) for one, value in zip(fields, values.values(), strict=True)]
            sign = "" if direction else "-"  # of the columns when the id goes down
            return Way(Q(*same), tuple(f"{sign}{one.attname}" for one in fields))
    return None


def narrowed(rows: Rows, asked: Iterable[tuple[Narrow, Any]], within: Rows) -> Rows:
    """Return the rows that pass all that is asked, newest first; what has no value asks nothing."""
    ways: list[Way] = []
    for narrow, value in asked:
        if value:
            found = narrow(rows, value)
            ways += [found] if isinstance(found, Way) else []
            rows = rows.filter(found.condition) if isinstance(found, Way) else found
    return newest(ordered(rows, ways, within))


def ordered(rows: Rows, ways: Sequence[Way], within: Rows) -> Rows:
    """Return rows that each of these ways narrowed, newest first, along the one that has the fewest `within`
    a time: whose hundredth newest row lies furthest back.
    """
    if not ways or rows.query.is_empty():
        return rows
    chosen = min(ways, key=lambda one: _depth(one, within)) if len(ways) > 1 else ways[0]
    rows = rows.alias(few=Value(True)) if chosen.few else rows  # no part of the statement: for `nearest`
    return rows.order_by(*chosen.columns, "-pk")


def nearest(
    parts: Iterable[Rows], most: int, beyond: int | None = None, *, upwards: bool = False
) -> list[Any]:
    """Return the rows of all parts that come next to an id, nearest first; without one the newest.

    What lies behind enough rows of the parts before is not read: of two tables half the rows were.
    """
    found: list[Any] = []
    for part in parts:
        rows = newest(part).reverse() if upwards else newest(part)
        rows = rows if beyond is None else rows.filter(**{"pk__gt" if upwards else "pk__lt": beyond})
        if len(found) == most:
            last = found[-1].pk
            more = list(rows.filter(**{"pk__lt" if upwards else "pk__gt": last})[:most])
        else:
            more = _near(rows, most, beyond, upwards=upwards) or list(rows[:most])
        found = sorted([*found, *more], key=lambda row: int(row.pk), reverse=not upwards)[:most]
    return found


def _near(rows: Rows, most: int, beyond: int | None, *, upwards: bool) -> list[Any]:
    """Return so many rows of the next week, of a table in weekly partitions; nothing if there are fewer.

    To plan over one or two weeks takes 0.4 to 0.7 ms, over 36 of them 1.3 to 2.3. Upwards from this week
    there are no others, and of what is `few` no week has enough.
    """
    now = ids.id_at(datetime.now(UTC))
    start = ids.time_of(now if beyond is None else min(beyond, now))
    in_vain = "few" in rows.query.annotations or (upwards and start + WEEK > ids.time_of(now))
    if in_vain or not getattr(rows.model, "WEEKLY", False):
        return []
    week = {"pk__lt": ids.id_at(start + WEEK)} if upwards else {"pk__gt": ids.id_at(start - WEEK)}
    found = list(rows.filter(**week)[:most])
    return found if len(found) == most else []


def sample(model: type[Model], before: int | None) -> Rows:
    """Return the rows up to an id, or all, among which ways are compared: of a table in weekly partitions
    (`WEEKLY`) those of a week, because to plan over all of them takes longer than to look.
    """
    rows: Rows = model._default_manager.all()
    now = ids.id_at(datetime.now(UTC))
    end = now if before is None else min(before, now)
    if getattr(model, "WEEKLY", False):
        rows = rows.filter(pk__gt=ids.id_at(ids.time_of(end) - WEEK))
    return rows.filter(pk__lte=end)


def exactly(rows: Rows, **values: Any) -> Rows:
    """Return the rows with just these values, newest first, along the index that has them in that order."""
    return narrowed(rows, [(lambda these, _: way(these, values) or these.filter(**values), True)], rows)


def newest(rows: Rows) -> Rows:
    """Return the rows newest first, along their way if they have one."""
    return rows if rows.query.order_by else rows.order_by("-pk")


def _depth(one: Way, within: Rows) -> int:
    """Say how far back the way's hundredth row is, or how many it has; never by reading them all."""
    rows = within.filter(one.condition).order_by(*one.columns, "-pk")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL enable_sort = {'off' if one.columns else 'on'}")
        found = list(rows.values_list("pk", flat=True)[:SAMPLE])
        cursor.execute("SET LOCAL enable_sort = on")
    return found[-1] if len(found) == SAMPLE else len(found) - SAMPLE
