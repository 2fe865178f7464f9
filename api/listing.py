"""Keyset pages for the API: the cursor is the last row's id as people see it."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from api.problems import Problem
from api.shapes import PageIn
from audit import along, ids
from audit.along import Narrow


def page(
    request: HttpRequest,
    rows: QuerySet[Any],
    asked: PageIn,
    prefix: str,
    shape: Callable[[Any], Any],
    *parts: Mapping[str, Narrow],
) -> dict[str, Any]:
    """Return one page of rows as the API sends it: what the filters leave of them, in one part or more.

    Raises Problem for another list's cursor or filter.
    """
    if unknown := set(request.GET) - set(type(asked).model_fields):  # ninja drops them in silence
        raise Problem(422, "Some filters are unknown.", dict.fromkeys(unknown, "There is no such filter."))
    after = number(prefix, asked.after, status=422) if asked.after else None
    within = along.sample(rows.model, after)
    asks = ([(narrow, getattr(asked, name)) for name, narrow in part.items()] for part in parts)
    lists = (along.narrowed(rows, one, within) for one in asks)
    found = along.nearest(lists, asked.limit + 1, after)
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
