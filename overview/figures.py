"""The numbers of the overview: how many runs and deliveries there were, hour by hour, and how they ended."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any

from django.db import connection
from django.db.models import Q, Sum
from django.utils import timezone

from audit import ids
from overview import hours
from overview.hours import HOUR, HourOf, hour_of
from overview.sight import Sight
from webhooks.models import Cause

HOURS = 24
BAD = ("failed", "unknown")
# One pass over the day's runs, with the milliseconds that each took: their percentiles are made here, because
# PostgreSQL sorts anew for each group (5,200 runs: 11.5 ms with four grouping sets, 5.4 ms like this).
RUNS = """
SELECT {} AS hour, CASE WHEN id >= %s THEN connection_name END AS lately, state,
  count(*), sum(total_tokens), sum(cost),
  array_agg((1000 * date_part('epoch', finished_at - started_at))::int)
    FILTER (WHERE finished_at IS NOT NULL AND started_at IS NOT NULL)
FROM ({}) run GROUP BY 1, 2, 3
"""
Sums = Sequence[Any]  # tokens, cost, milliseconds of each
COLUMNS = ("id", "state", "connection_name", "total_tokens", "cost", "started_at", "finished_at")


@dataclass(frozen=True)
class Hours:
    """How many things happened in each of the last hours, by how they ended; oldest hour first."""

    starts: tuple[datetime, ...]
    counts: tuple[Mapping[str, int], ...]

    def total(self, *names: str) -> int:
        """Return how many ended in one of these ways, or in any when none is named."""
        return sum(sum(hour.get(name, 0) for name in names or hour) for hour in self.counts)


@dataclass(frozen=True)
class Used:
    """What the runs of some time took and used."""

    tokens: int = 0
    cost: Decimal = Decimal()
    median: timedelta | None = None
    slow: timedelta | None = None  # the 95th percentile


@dataclass(frozen=True)
class Runs:
    """The day's runs and what they used, hour by hour; and by connection how those of the last hour ended."""

    hours: Hours
    used: tuple[Used, ...]
    whole: Used
    lately: Mapping[str, Mapping[str, int]]

    @property
    def failure_rate(self) -> float | None:
        """Return the share of ended runs that failed or are unknown, in percent; None when none ended."""
        return failure_rate({name: self.hours.total(name) for name in ("succeeded", *BAD)})


@dataclass(frozen=True)
class Figures:
    """One day of the house, as one person may see it."""

    since: datetime
    runs: Runs
    events: Hours
    refused: Hours
    to_see: int  # refused deliveries that somebody should look at: no tests, no strangers, not made good

    @property
    def deliveries(self) -> tuple[Mapping[str, int], ...]:
        """Return events and refused deliveries together, hour by hour."""
        pairs = zip(self.events.counts, self.refused.counts, strict=True)
        return tuple({"events": sum(good.values()), "refused": sum(bad.values())} for good, bad in pairs)

    @property
    def failed(self) -> int:
        """How many runs failed or are unknown."""
        return self.runs.hours.total(*BAD)


def failure_rate(counts: Mapping[str, int]) -> float | None:
    """Return the share of ended runs that failed or are unknown, in percent; None when none ended."""
    bad = sum(counts.get(name, 0) for name in BAD)
    ended = bad + counts.get("succeeded", 0)
    return 100 * bad / ended if ended else None


def last_day(sight: Sight) -> Figures:
    """Count the last 24 hours of what this person may see, in four queries."""
    start = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    refused, to_see = _refused(sight, start)
    return Figures(start, _runs(sight, start), _events(sight, start), refused, to_see)


def _runs(sight: Sight, start: datetime) -> Runs:
    day = sight.runs.filter(id__gte=ids.id_at(start)).order_by().values(*COLUMNS)
    rows, asked = day.query.sql_with_params()
    lately = ids.id_at(timezone.now() - timedelta(hours=1))
    with connection.cursor() as cursor:
        cursor.execute(RUNS.format(HOUR, rows), [lately, *asked])
        found = cursor.fetchall()
    by_hour: dict[int, Counter[str]] = {}
    by_connection: dict[str, Counter[str]] = {}
    used: dict[int, list[Sums]] = {}
    for hour, name, state, count, *sums in found:
        by_hour.setdefault(hour, Counter())[state] += count
        used.setdefault(hour, []).append(sums)
        if name is not None:
            by_connection.setdefault(name, Counter())[state] += count
    first = hour_of(start)
    each = tuple(_used(used.get(first + offset, ())) for offset in range(HOURS))
    return Runs(_hours(by_hour, start), each, _used(chain(*used.values())), by_connection)


def _used(sums: Iterable[Sums]) -> Used:
    tokens, cost, times = 0, Decimal(), list[int]()
    for some_tokens, some_cost, some_times in sums:
        tokens += int(some_tokens or 0)
        cost += some_cost or 0
        times += some_times or ()
    times.sort()
    return Used(tokens, cost, _percentile(times, 0.5), _percentile(times, 0.95))


def _percentile(ordered: Sequence[int], share: float) -> timedelta | None:
    """Return what `percentile_cont` would: between two values as much of each as is due."""
    if not ordered:
        return None
    whole, rest = divmod(share * (len(ordered) - 1), 1)
    low, high = ordered[int(whole)], ordered[min(int(whole) + 1, len(ordered) - 1)]
    return timedelta(milliseconds=low + rest * (high - low))


def _events(sight: Sight, start: datetime) -> Hours:
    found = hours.by_hour(sight.events, sight.event_hours, start)
    return _hours({hour: {"events": number} for hour, number in found.items()}, start)


def _refused(sight: Sight, start: datetime) -> tuple[Hours, int]:
    """Return the refused deliveries hour by hour, and how many of them somebody should look at."""
    rows = sight.refusals.filter(id__gte=ids.id_at(start)).order_by().annotate(hour=HourOf("id"))
    real = Q(test=False, event_id=None) & ~Q(cause=Cause.UNKNOWN_ENDPOINT)
    sums = rows.values_list("hour", "cause").annotate(all=Sum("count"), real=Sum("count", filter=real))
    found: dict[int, Counter[str]] = {}
    to_see = 0
    for bucket, cause, number, open_ones in sums:
        found.setdefault(bucket, Counter())[cause] += number
        to_see += open_ones or 0
    return _hours(found, start), to_see


def _hours(found: Mapping[int, Mapping[str, int]], start: datetime) -> Hours:
    first = hour_of(start)
    starts = tuple(start + timedelta(hours=offset) for offset in range(HOURS))
    return Hours(starts, tuple(found.get(first + offset, Counter()) for offset in range(HOURS)))
