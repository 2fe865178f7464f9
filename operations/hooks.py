"""What other rooms make of a run that ended: a table that the wiring fills; this room may not know them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from django.db.models import Model

from operations.models import Run


@dataclass(frozen=True, slots=True)
class Raised:
    """A row of another room that is written together with the end of a run: an event raised here."""

    row: Model
    ref: str  # its id as people see it; it stands on the run's page
    topic: str  # who is told of it, and what
    news: str


AfterRun = Callable[[Run, Any], list[Raised]]  # the finished run and the parsed answer
AFTER_RUN: list[AfterRun] = []

logger = structlog.get_logger(__name__)


def raised(run: Run, document: Any) -> list[Raised]:
    """Return what the functions of the table raise; one that fails costs the run nothing and is logged."""
    found: list[Raised] = []
    for function in AFTER_RUN:
        try:
            found += function(run, document)
        except Exception:
            logger.exception("after_run_failed", run=run.ref)
    return found
