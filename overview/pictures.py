"""Which charts there are: those of the overview's day, and those of the spending page."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Protocol

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from overview import charts, figures
from overview.charts import Chart, Series
from overview.navigation import address

RUNS = (
    Series(_l("succeeded"), "chart-good", ("succeeded",)),
    Series(_l("failed or unknown"), "chart-bad", figures.BAD),
    Series(_l("other"), "chart-other", ("queued", "running", "sending", "waiting", "cancelled")),
)
EVENTS = (Series(_l("events"), "chart-good", ("events",)), Series(_l("refused"), "chart-bad", ("refused",)))
FAILED = (Series(_l("failed or unknown"), "chart-bad"),)
TIMES = (Series(_l("95 % took less"), "chart-light"), Series(_l("half took less"), "chart-good"))
TOKENS = (Series(_l("tokens"), "chart-good"),)
TOKENS_BOTH = (Series(_l("tokens in"), "chart-good"), Series(_l("tokens out"), "chart-light"))
COST = (Series(_l("spent"), "chart-good"),)


class Line(Protocol):
    """What one day used."""

    input_tokens: int
    output_tokens: int
    cost: Decimal


def of_day(day: figures.Figures) -> list[Chart]:
    """Return the overview's charts: how many, how many badly, how long, how much."""
    runs, rates = day.runs, map(figures.failure_rate, day.runs.hours.counts)
    hours = _hours(runs.hours.starts, "operations:run_list")
    bad = _hours(runs.hours.starts, "operations:run_list", state="bad")
    log = _hours(day.events.starts, "webhooks:log")
    times = [(_ms(one.slow), _ms(one.median)) for one in runs.used]
    return [
        charts.draw(_("Runs an hour"), hours, charts.counted(runs.hours.counts, RUNS), RUNS, charts.COUNT),
        charts.draw(_("Failed of all runs"), bad, [(rate or 0,) for rate in rates], FAILED, charts.SHARE),
        charts.draw(
            _("Deliveries an hour"), log, charts.counted(day.deliveries, EVENTS), EVENTS, charts.COUNT
        ),
        charts.draw(_("Time a run took"), hours, times, TIMES, charts.TIME, stacked=False),
        charts.draw(_("Tokens an hour"), hours, [(one.tokens,) for one in runs.used], TOKENS, charts.COUNT),
        charts.draw(_("Cost an hour"), hours, [(float(one.cost),) for one in runs.used], COST, charts.MONEY),
    ]


def of_spending(days: Iterable[tuple[date, Line]]) -> list[Chart]:
    """Return the charts of the spending page."""
    known = list(days)
    slots = charts.days([day for day, _line in known], _address("operations:run_list"))
    tokens = [(line.input_tokens, line.output_tokens) for _day, line in known]
    return [
        charts.draw(
            _("Cost a day"), slots, [(float(line.cost),) for _day, line in known], COST, charts.MONEY
        ),
        charts.draw(_("Tokens a day"), slots, tokens, TOKENS_BOTH, charts.COUNT),
    ]


def _hours(starts: Sequence[datetime], page: str, **query: str) -> list[charts.Slot]:
    return charts.hours(starts, _address(page, **query))


def _address(page: str, **query: str) -> Callable[[str, str], str]:
    return lambda since, until: address(page, since=since, until=until, **query)


def _ms(span: timedelta | None) -> float:
    return span.total_seconds() * 1000 if span else 0
