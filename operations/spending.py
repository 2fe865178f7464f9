"""Tokens and money: read off the declared fields, priced by the table that people keep, summed by day."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_noop

from operations.models import Run
from operations.statements import Sql

# The names under which definitions map token counts; a definition of another service uses one of these.
INPUT, OUTPUT, TOTAL = (
    ("input_tokens", "prompt_tokens"),
    ("output_tokens", "completion_tokens"),
    ("total_tokens",),
)

# The price of a model: its own, else the longest one with * that fits.
COST = """(SELECT (p.per_million_in * %s + p.per_million_out * %s) / 1000000 FROM operations_price AS p
    WHERE p.service = %s AND (p.model = %s OR p.model LIKE '%%*' AND starts_with(%s, left(p.model, -1)))
    ORDER BY p.model = %s DESC, length(p.model) DESC LIMIT 1)"""
# Counts a run that ended into its connection's day.
ADD = """
INSERT INTO operations_spent (connection_id, day, runs, input_tokens, output_tokens, cost)
SELECT connection_id, %s, 1, coalesce(input_tokens, 0), coalesce(output_tokens, 0), coalesce(cost, 0)
FROM ended WHERE connection_id IS NOT NULL
ON CONFLICT (connection_id, day) DO UPDATE SET runs = operations_spent.runs + 1,
    input_tokens = operations_spent.input_tokens + excluded.input_tokens,
    output_tokens = operations_spent.output_tokens + excluded.output_tokens,
    cost = operations_spent.cost + excluded.cost
"""


def usage(run: Run, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an answer with these fields used, as fields of the run; nothing when it tells nothing."""
    into, out, total = (_count(fields, names) for names in (INPUT, OUTPUT, TOTAL))
    if into is None and out is None and total is None:
        return {}
    said = fields.get("model") or run.inputs.get("model") or ""
    model = said[:100] if isinstance(said, str) else ""
    into = total if into is None and out is None else into
    whole = total if total is not None else (into or 0) + (out or 0)
    cost = Sql(COST, (into or 0, out or 0, run.service, model, model, model))
    return {"model": model, "input_tokens": into, "output_tokens": out, "total_tokens": whole, "cost": cost}


def over_budget(run: Run, budget: Decimal | None, spent: Decimal) -> str:
    """Return a sentence when the connection has used up its day's budget, else ""."""
    if budget is None or spent < budget:
        return ""
    return gettext_noop(
        "The budget of {connection_name} for today is used up: {spent:.2f} of "
        "{budget:.2f}. Nothing was sent. Raise the budget on the spending page, or run "
        "it tomorrow (UTC)."
    ).format(connection_name=run.connection_name, spent=spent, budget=budget)


def today() -> date:
    """Return the day that spending counts for: the day in UTC."""
    return timezone.now().date()


def _count(fields: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    values = (fields.get(name) for name in names)
    return next((value for value in values if isinstance(value, int) and not isinstance(value, bool)), None)
