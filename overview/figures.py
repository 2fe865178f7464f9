"""The numbers of the overview: how many runs and deliveries there were, hour by hour, and how they ended."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain

from django.utils import timezone

from audit import ids
from overview import hours, parts
from overview.hours import hour_of
from overview.parts import HOUR, Part
from overview.sight import Sight

HOURS = 24
BAD = ("failed", "unknown")
REFUSED = f"""
SELECT {hours.HOUR}, cause, sum(count)::bigint,
  coalesce(sum(count) FILTER (WHERE NOT test AND event_id IS NULL AND cause <> 'unknown_endpoint'), 0)::bigint
FROM webhooks_rejection WHERE id >= %(first)s AND {{open}} GROUP BY 1, 2
"""  # noqa: S608  # the hour is ours


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
    """The day's runs and what they used, hour by hour and in all."""

    hours: Hours
    used: tuple[Used, ...]
    whole: Used

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
    now = timezone.now()
    start = _start(now)
    refused, to_see = _refused(sight, start)
    return Figures(start, _runs(sight, start, now), _events(sight, start), refused, to_see)


def to_see(sight: Sight) -> int:
    """Return how many deliveries were refused in the last 24 hours that somebody should look at."""
    return _refused(sight, _start(timezone.now()))[1]


def _start(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0) - (HOURS - 1) * HOUR


def _runs(sight: Sight, start: datetime, now: datetime) -> Runs:
    starts = tuple(start + hour * HOUR for hour in range(HOURS))
    found = parts.of_hours(sight, starts, now)
    counts = tuple(sum((Counter(part.counts) for part in hour), Counter[str]()) for hour in found)
    return Runs(Hours(starts, counts), tuple(map(_used, found)), _used(chain.from_iterable(found)))


def _used(some: Iterable[Part]) -> Used:
    known = tuple(some)
    tokens, cost = sum(part.tokens for part in known), sum((part.cost for part in known), Decimal())
    return Used(tokens, cost, parts.percentile(known, 0.5), parts.percentile(known, 0.95))


def _events(sight: Sight, start: datetime) -> Hours:
    found = hours.by_hour(sight, start, start + HOURS * HOUR)
    return _hours({hour: {"events": number} for hour, number in found.items()}, start)


def _refused(sight: Sight, start: datetime) -> tuple[Hours, int]:
    """Return the refused deliveries hour by hour, and how many of them somebody should look at."""
    found: dict[int, Counter[str]] = {}
    to_see = 0
    for bucket, cause, number, real in sight.ask(REFUSED, first=ids.id_at(start)):
        found.setdefault(bucket, Counter())[cause] += number
        to_see += real
    return _hours(found, start), to_see


def _hours(found: Mapping[int, Mapping[str, int]], start: datetime) -> Hours:
    first = hour_of(start)
    starts = tuple(start + offset * HOUR for offset in range(HOURS))
    return Hours(starts, tuple(found.get(first + offset, Counter()) for offset in range(HOURS)))
