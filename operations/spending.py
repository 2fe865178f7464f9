"""Tokens and money: read off the declared fields, priced by the table that people keep, summed by day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection as database
from django.utils import timezone

from operations.models import Policy, Price, Run, Spent

# The names under which definitions map token counts; a definition of another service uses one of these.
INPUT, OUTPUT, TOTAL = (
    ("input_tokens", "prompt_tokens"),
    ("output_tokens", "completion_tokens"),
    ("total_tokens",),
)
MILLION = Decimal(1_000_000)

ADD = """
INSERT INTO operations_spent (connection_id, day, runs, input_tokens, output_tokens, cost)
VALUES (%s, %s, 1, %s, %s, %s)
ON CONFLICT (connection_id, day) DO UPDATE SET runs = operations_spent.runs + 1,
    input_tokens = operations_spent.input_tokens + excluded.input_tokens,
    output_tokens = operations_spent.output_tokens + excluded.output_tokens,
    cost = operations_spent.cost + excluded.cost
"""


@dataclass(frozen=True, slots=True)
class Usage:
    """What one answer used; None where it does not say."""

    model: str
    input: int | None
    output: int | None
    total: int | None
    cost: Decimal | None


def usage(run: Run, fields: Mapping[str, Any]) -> Usage | None:
    """Return what an answer with these fields used, or None when it tells nothing about tokens."""
    into, out, total = (_count(fields, names) for names in (INPUT, OUTPUT, TOTAL))
    if into is None and out is None and total is None:
        return None
    said = fields.get("model") or run.inputs.get("model") or ""
    model = said[:100] if isinstance(said, str) else ""
    into = total if into is None and out is None else into
    whole = total if total is not None else (into or 0) + (out or 0)
    return Usage(model, into, out, whole, cost(run.service, model, into or 0, out or 0))


def cost(service: str, model: str, into: int, out: int) -> Decimal | None:
    """Return what these tokens cost by the price table; None when it has no price for the model."""
    price = price_of(service, model)
    if price is None:
        return None
    return (price.per_million_in * into + price.per_million_out * out) / MILLION


def price_of(service: str, model: str) -> Price | None:
    """Return the price of a model: its own, else the longest one with * that fits."""
    prices = {price.model: price for price in Price.objects.filter(service=service)}
    if model in prices:
        return prices[model]
    fitting = [name for name in prices if name.endswith("*") and model.startswith(name[:-1])]
    return prices[max(fitting, key=len)] if fitting else None


def add(run: Run, used: Usage | None) -> None:
    """Add a finished run to its connection's day; part of the transaction that finishes it."""
    if run.connection is None:
        return
    values = (used.input or 0, used.output or 0, used.cost or 0) if used else (0, 0, 0)
    with database.cursor() as cursor:
        cursor.execute(ADD, [run.connection_id, today(), *values])


def over_budget(run: Run) -> str:
    """Return a sentence when the connection has used up its day's budget, else ""."""
    policy = Policy.objects.filter(connection=run.connection).first()
    if policy is None or policy.budget is None:
        return ""
    spent = Spent.objects.filter(connection=run.connection, day=today()).first()
    if spent is None or spent.cost < policy.budget:
        return ""
    return (
        f"The budget of {run.connection_name} for today is used up: {spent.cost:.2f} of {policy.budget:.2f}. "
        "Nothing was sent. Raise the budget on the spending page, or run it tomorrow (UTC)."
    )


def today() -> date:
    """Return the day that spending counts for: the day in UTC."""
    return timezone.now().date()


def _count(fields: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    values = (fields.get(name) for name in names)
    return next((value for value in values if isinstance(value, int) and not isinstance(value, bool)), None)
