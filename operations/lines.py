"""What a row of the history says of a run: every value of its template, made once, in one pure function."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypedDict

from django.urls import reverse
from django.utils.translation import gettext

from audit import ids, pages, retelling
from operations.models import Origin, Run

ORIGINS: dict[str, pages.Words] = dict(Origin.choices)  # Django's own look-up hashes all choices, 40 µs a row


class Line(TypedDict):
    """The values of one row, each with a hash: a row is drawn once as long as it says the same. A mapping:
    templates look those up at half the cost of attributes.
    """

    id: str
    code: str
    url: str
    choose: str  # what the box in front of it is called
    state: str
    operation: str
    action: str
    tags: tuple[str, ...]
    connection: str
    practice: bool
    wrong: int | None  # the HTTP status, when it tells of an error
    summary: str
    asked_at: datetime
    asked_by: pages.Words
    took: timedelta | None


def lines(runs: Sequence[Run]) -> list[Line]:
    """Return what the history says of runs that `rows()` read."""
    before = reverse("operations:run", args=[0]).removesuffix(f"{ids.encode('run', 0)}/")
    choose = gettext("Choose %(ref)s")
    return [_line(run, before, choose) for run in runs]


def _line(run: Run, before: str, choose: str) -> Line:
    code = run.ref
    return {
        "id": str(run.id),
        "code": code,
        "url": f"{before}{code}/",
        "choose": choose % {"ref": code},
        "state": run.state,
        "operation": run.operation_key,
        "action": run.action,
        "tags": tuple(run.tags),
        "connection": run.connection_name,
        "practice": run.practice,
        "wrong": run.status if run.status and run.status >= 400 else None,
        "summary": retelling.told(run.summary),
        "asked_at": run.created_at,
        "asked_by": run.person.username if run.person else ORIGINS.get(run.origin, run.origin),
        "took": run.duration,
    }
