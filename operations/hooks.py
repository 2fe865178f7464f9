"""What other rooms do after a run: a table that the wiring fills, because this room may not know them.

Each function gets the finished run and the parsed answer, inside the transaction that finishes it, and
returns the ids
(as people see them) of what it made: the events raised here."""

from collections.abc import Callable
from typing import Any

import structlog
from django.db import transaction

from operations.models import Run

AfterRun = Callable[[Run, Any], list[str]]
AFTER_RUN: list[AfterRun] = []

logger = structlog.get_logger(__name__)


def after(run: Run, document: Any) -> list[str]:
    """Call every function of the table; one that fails costs the run nothing and is logged."""
    made: list[str] = []
    for function in AFTER_RUN:
        try:
            with transaction.atomic():
                made += function(run, document)
        except Exception:
            logger.exception("after_run_failed", run=run.ref)
    return made
