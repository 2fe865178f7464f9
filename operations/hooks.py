"""What other rooms do after a run: a table that the wiring fills, because this room may not know them.

Each function gets the finished run and the parsed answer, and returns what there is to write: calls that
return the id (as people see it) of what they made, the events raised here. They are made inside the
transaction that finishes the run."""

from collections.abc import Callable, Iterable
from typing import Any

import structlog
from django.db import transaction

from operations.models import Run

Write = Callable[[], str]
AfterRun = Callable[[Run, Any], list[Write]]
AFTER_RUN: list[AfterRun] = []

logger = structlog.get_logger(__name__)


def planned(run: Run, document: Any) -> list[Write]:
    """Return what all functions of the table want to write; one that fails costs the run nothing and is
    logged."""
    found: list[Write] = []
    for function in AFTER_RUN:
        try:
            found += function(run, document)
        except Exception:
            logger.exception("after_run_failed", run=run.ref)
    return found


def made(run: Run, writes: Iterable[Write]) -> list[str]:
    """Write it, each in a savepoint of its own, and return the ids."""
    ids: list[str] = []
    for write in writes:
        try:
            with transaction.atomic():
                ids.append(write())
        except Exception:
            logger.exception("after_run_failed", run=run.ref)
    return ids
