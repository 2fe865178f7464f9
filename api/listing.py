"""Keyset pages for the API: the cursor is the last row's id as people see it."""

from collections.abc import Callable
from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from api.problems import Problem
from api.shapes import PageIn
from audit import ids


def page(
    request: HttpRequest, rows: QuerySet[Any], asked: PageIn, prefix: str, shape: Callable[[Any], Any]
) -> dict[str, Any]:
    """Return one page of rows as the API sends it. Raises Problem for another list's cursor or filter."""
    if unknown := set(request.GET) - set(type(asked).model_fields):  # ninja drops them in silence
        raise Problem(422, "Some filters are unknown.", dict.fromkeys(unknown, "There is no such filter."))
    if asked.after:
        rows = rows.filter(pk__lt=number(prefix, asked.after, status=422))
    found: list[Model] = list(rows.order_by("-pk")[: asked.limit + 1])
    shown = found[: asked.limit]
    more = len(found) > asked.limit
    return {
        "items": [shape(row) for row in shown],
        "next": ids.encode(prefix, shown[-1].pk) if more else None,
    }


def number(prefix: str, text: str, *, status: int = 404) -> int:
    """Return the number behind an id as people see it. Raises Problem."""
    try:
        return ids.decode(prefix, text)
    except ValueError:
        raise Problem(status, f"This is not an id like {prefix}_….") from None
