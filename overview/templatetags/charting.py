"""The tag that draws what a ledger of days holds; its room lies left of this one and cannot ask for it."""

from collections.abc import Iterable
from datetime import date

from django import template

from overview import pictures
from overview.charts import Chart

register = template.Library()


@register.simple_tag
def spending_charts(days: Iterable[tuple[date, pictures.Line]]) -> list[Chart]:
    """Return the charts of these days, for `components/chart.html`."""
    return pictures.of_spending(days)
