"""What a row of the log says: every value of its template, made once, in one pure function."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict

from django.urls import reverse
from django.utils.translation import gettext

from audit import ids, pages, retelling
from webhooks.models import Cause, Event, Rejection

Row = Event | Rejection
CAUSES: dict[str, pages.Words] = dict(Cause.choices)


class Line(TypedDict):
    """The values of one row, each with a hash: a row is drawn once as long as it says the same. A mapping:
    templates look those up at half the cost of attributes.
    """

    id: str
    code: str
    url: str
    state: str
    title: pages.Words
    badges: tuple[tuple[str, pages.Words], ...]
    detail: str  # why it was refused; "" for an event
    object: str
    connection: str
    arrived_at: datetime


def lines(rows: Sequence[Row]) -> list[Line]:
    """Return what the log says of rows that `listed()` read."""
    before = _before("event", Event), _before("rejection", Rejection)
    return [_line(row, before[isinstance(row, Rejection)]) for row in rows]


def _before(name: str, model: type[Row]) -> str:
    """Return what an address has before its id: making each of fifty would cost as much as drawing them."""
    return reverse(f"webhooks:{name}", args=[0]).removesuffix(f"{ids.encode(model.PREFIX, 0)}/")


def _line(row: Row, before: str) -> Line:
    code = row.code
    state, title, detail, thing = _refusal(row) if isinstance(row, Rejection) else _event(row)
    return {
        "id": str(row.id),
        "code": code,
        "url": f"{before}{code}/",
        "state": state,
        "title": title,
        "badges": tuple(row.badges),
        "detail": detail,
        "object": thing,
        "connection": row.connection_name or "",
        "arrived_at": row.arrived_at,
    }


def _event(event: Event) -> tuple[str, pages.Words, str, str]:
    return event.state, event.type or gettext("no type"), "", event.object_id


def _refusal(row: Rejection) -> tuple[str, pages.Words, str, str]:
    thing = row.delivery_id or row.path
    return "refused", CAUSES.get(row.cause, row.cause), retelling.told(row.detail), thing
