"""The numbers of the overview: how many runs and deliveries there were, hour by hour, and how they ended."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

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
# One pass over the day's runs: by hour and state, by connection and state in the last hour, by hour, and all.
RUNS = """
SELECT grouping(hour, lately, state), hour, lately, state, count(*), sum(total_tokens), sum(cost),
  percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY finished_at - started_at)
FROM (SELECT run.*, {} AS hour, CASE WHEN id >= %s THEN connection_name END AS lately FROM ({}) run) day
GROUP BY GROUPING SETS ((hour, state), (lately, state), (hour), ())
"""
COLUMNS = ("id", "state", "connection_name", "total_tokens", "cost", "started_at", "finished_at")
BY_STATE, BY_HOUR, LATELY, ALL = 2, 3, 4, 7  # what grouping() says of each: a bit for what it leaves out


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
    used: dict[int | None, Used] = {}
    for kind, hour, name, state, count, *rest in found:
        if kind == BY_STATE:
            by_hour.setdefault(hour, Counter())[state] += count
        elif kind == LATELY and name is not None:
            by_connection.setdefault(name, Counter())[state] += count
        elif kind in (BY_HOUR, ALL):
            used[hour] = _used(*rest)
    first = hour_of(start)
    each = tuple(used.get(first + offset, Used()) for offset in range(HOURS))
    return Runs(_hours(by_hour, start), each, used[None], by_connection)


def _used(tokens: int | None, cost: Decimal | None, times: Sequence[timedelta | None] | None) -> Used:
    median, slow = times or (None, None)
    return Used(int(tokens or 0), cost or Decimal(), median, slow)


def _events(sight: Sight, start: datetime) -> Hours:
    found = hours.by_hour(sight.events, sight.event_hours, start)
    starts = tuple(start + timedelta(hours=offset) for offset in range(HOURS))
    return Hours(starts, tuple({"events": found[hour]} for hour in starts))


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
