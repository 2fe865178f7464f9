"""What the overview shows of its day, six numbers and six charts; and the charts of the spending page."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Protocol

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from overview import charts, figures
from overview.charts import Chart, Series
from overview.navigation import address
from overview.templatetags.look import duration, money, percent, slowest

RUNS = (
    Series(_("succeeded"), "chart-good", ("succeeded",)),
    Series(_("failed or unknown"), "chart-bad", figures.BAD),
    Series(_("other"), "chart-other", ("queued", "running", "sending", "waiting", "cancelled")),
)
EVENTS = (Series(_("events"), "chart-good", ("events",)), Series(_("refused"), "chart-bad", ("refused",)))
FAILED = (Series(_("failed or unknown"), "chart-bad"),)
TIMES = (Series(_("95 % took less"), "chart-light"), Series(_("half took less"), "chart-good"))
TOKENS = (Series(_("tokens"), "chart-good"),)
TOKENS_BOTH = (Series(_("tokens in"), "chart-good"), Series(_("tokens out"), "chart-light"))
COST = (Series(_("spent"), "chart-good"),)


@dataclass(frozen=True)
class Tile:
    """One number of the overview, the list behind it, and whether it stands out."""

    label: str
    value: str
    url: str
    hint: str = ""
    bad: bool = False


class Line(Protocol):
    """What one day used."""

    input_tokens: int
    output_tokens: int
    cost: Decimal


def tiles(day: figures.Figures) -> list[Tile]:
    """Return the overview's numbers."""
    since, runs, whole = f"{day.since:%Y-%m-%dT%H:%M}", day.runs, day.runs.whole
    history = address("operations:run_list", since=since)
    bad = address("operations:run_list", since=since, state="bad")
    events = address("webhooks:log", since=since, kind="events")
    refused = address("webhooks:log", since=since, kind="refused")
    spending, rate = address("operations:spending"), percent(runs.failure_rate)
    return [
        Tile(gettext("Runs in 24 hours"), intcomma(runs.hours.total()), history),
        Tile(gettext("Failed or unknown"), intcomma(day.failed), bad, rate, bool(day.failed)),
        Tile(gettext("Events"), intcomma(day.events.total()), events),
        Tile(gettext("Refused deliveries"), intcomma(day.refused.total()), refused, bad=bool(day.to_see)),
        Tile(gettext("Median run time"), duration(whole.median) or "–", history, slowest(whole.slow)),
        Tile(gettext("Tokens"), intcomma(whole.tokens), spending, money(whole.cost)),
    ]


def of_day(day: figures.Figures) -> list[Chart]:
    """Return the overview's charts: how many, how many badly, how long, how much."""
    runs, rates = day.runs, map(figures.failure_rate, day.runs.hours.counts)
    language = get_language()
    hours = _hours(runs.hours.starts, "operations:run_list", "", language)
    bad = _hours(runs.hours.starts, "operations:run_list", "bad", language)
    log = _hours(day.events.starts, "webhooks:log", "", language)
    times = [(_ms(one.slow), _ms(one.median)) for one in runs.used]
    return [
        charts.draw(
            gettext("Runs an hour"), hours, charts.counted(runs.hours.counts, RUNS), RUNS, charts.COUNT
        ),
        charts.draw(gettext("Failure rate"), bad, [(rate or 0,) for rate in rates], FAILED, charts.SHARE),
        charts.draw(
            gettext("Deliveries an hour"), log, charts.counted(day.deliveries, EVENTS), EVENTS, charts.COUNT
        ),
        charts.draw(gettext("Run time"), hours, times, TIMES, charts.TIME, stacked=False),
        charts.draw(
            gettext("Tokens an hour"), hours, [(one.tokens,) for one in runs.used], TOKENS, charts.COUNT
        ),
        charts.draw(
            gettext("Cost an hour"), hours, [(float(one.cost),) for one in runs.used], COST, charts.MONEY
        ),
    ]


def of_spending(days: Iterable[tuple[date, Line]]) -> list[Chart]:
    """Return the charts of the spending page."""
    known = list(days)
    slots = charts.days([day for day, _line in known], _address("operations:run_list"))
    tokens = [(line.input_tokens, line.output_tokens) for _day, line in known]
    return [
        charts.draw(
            gettext("Cost a day"), slots, [(float(line.cost),) for _day, line in known], COST, charts.MONEY
        ),
        charts.draw(gettext("Tokens a day"), slots, tokens, TOKENS_BOTH, charts.COUNT),
    ]


@lru_cache(32)
def _hours(
    starts: tuple[datetime, ...], page: str, state: str, _language: str | None
) -> Sequence[charts.Slot]:
    """The day is the same for an hour, and its names and addresses take longer than its bars."""
    return charts.hours(starts, _address(page, state=state))


def _address(page: str, **query: str) -> Callable[[str, str], str]:
    return lambda since, until: address(page, since=since, until=until, **query)


def _ms(span: timedelta | None) -> float:
    return span.total_seconds() * 1000 if span else 0
