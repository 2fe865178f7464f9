"""The numbers of the overview: how many runs and deliveries there were, hour by hour, and how they ended."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.db.models import Aggregate, BigIntegerField, Count, DurationField, F, QuerySet, Sum, Value
from django.utils import timezone

from audit import ids
from overview import hours
from overview.hours import HOUR_IDS
from overview.sight import Sight

HOURS = 24
BAD = ("failed", "unknown")


@dataclass(frozen=True)
class Hours:
    """How many things happened in each of the last hours, by how they ended; oldest hour first."""

    starts: tuple[datetime, ...]
    counts: tuple[Mapping[str, int], ...]

    def total(self, *names: str) -> int:
        """Return how many ended in one of these ways, or in any when none is named."""
        return sum(sum(hour.get(name, 0) for name in names or hour) for hour in self.counts)


@dataclass(frozen=True)
class Figures:
    """One day of the house, as one person may see it."""

    runs: Hours
    events: Hours
    refused: Hours
    median: timedelta | None = None
    slow: timedelta | None = None  # the 95th percentile
    tokens: int = 0
    cost: Decimal = field(default_factory=Decimal)

    @property
    def deliveries(self) -> tuple[Mapping[str, int], ...]:
        """Return events and refused deliveries together, hour by hour."""
        pairs = zip(self.events.counts, self.refused.counts, strict=True)
        return tuple({"events": sum(good.values()), "refused": sum(bad.values())} for good, bad in pairs)

    @property
    def failed(self) -> int:
        """How many runs failed or are unknown."""
        return self.runs.total(*BAD)

    @property
    def failure_rate(self) -> float | None:
        """Return the share of ended runs that failed or are unknown, in percent; None when none ended."""
        ended = self.runs.total("succeeded", *BAD)
        return 100 * self.runs.total(*BAD) / ended if ended else None


def last_day(sight: Sight) -> Figures:
    """Count the last 24 hours of what this person may see, in five queries."""
    start = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    runs = sight.runs.filter(id__gte=ids.id_at(start))
    refused = sight.refusals.filter(id__gte=ids.id_at(start))
    sums = runs.aggregate(
        tokens=Sum("total_tokens"),
        cost=Sum("cost"),
        times=Percentiles(F("finished_at") - F("started_at")),
    )
    median, slow = sums["times"] or (None, None)
    return Figures(
        runs=_by_hour(runs, "state", Count("id"), start),
        events=_events(sight, start),
        refused=_by_hour(refused, "cause", Sum("count"), start),
        median=median,
        slow=slow,
        tokens=sums["tokens"] or 0,
        cost=sums["cost"] or Decimal(),
    )


def _events(sight: Sight, start: datetime) -> Hours:
    found = hours.by_hour(sight.events, sight.event_hours, start)
    starts = tuple(start + timedelta(hours=offset) for offset in range(HOURS))
    return Hours(starts, tuple({"events": found[hour]} for hour in starts))


def _by_hour(rows: QuerySet, by: str, count: Count | Sum, start: datetime) -> Hours:  # type: ignore[type-arg]
    hour = F("id") / Value(HOUR_IDS, output_field=BigIntegerField())
    found: dict[int, Counter[str]] = {}
    for bucket, how, number in rows.order_by().annotate(hour=hour).values_list("hour", by).annotate(n=count):
        found.setdefault(bucket, Counter())[how] += number
    first = ids.id_at(start) // HOUR_IDS
    starts = tuple(start + timedelta(hours=offset) for offset in range(HOURS))
    return Hours(starts, tuple(found.get(first + offset, Counter()) for offset in range(HOURS)))


class Percentiles(Aggregate):
    """The median and the 95th percentile, by PostgreSQL."""

    function = "percentile_cont"
    template = "%(function)s(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = ArrayField(DurationField())
