"""Starting, executing, cancelling and reaping runs: the state machine around the row."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connections.models import Connection
from operations.models import Origin, Reason, Run
from people.models import Person


@dataclass(frozen=True, slots=True)
class Start:
    """What stands around a run besides its inputs: who asked, why, and what came before."""

    person: Person | None = None
    origin: str = Origin.PERSON
    reason: str = Reason.INITIAL
    action: str = ""
    again_of: int | None = None
    cause: str = ""
    hops: int = 0
    once: uuid.UUID | None = None
    bulk: int | None = None
    wake: bool = True  # False: the caller executes it in this process


def start(connection: Connection, operation_key: str, values: Mapping[str, Any], about: Start | None = None, **around: Any) -> Run:
    """Write a queued run and wake a worker after the commit; never waits for the broker.

    `around` takes the members of Start by name (`person=`, `origin=` …). The same `once` again returns the run that it made.
    Raises build.InputErrors for values that make no request, and catalog.UnknownOperation."""
    raise LookupError(operation_key)


def execute(run_id: int) -> Run | None:
    """Claim the run, send it, finish it. Returns the finished run, or None when somebody else has it."""
    return None


def reap() -> int:
    """Wake up queued and waiting runs that are due, close those whose lease ran out; return how many rows moved."""
    return 0


def cancel(run: Run, person: Person | None = None) -> bool:
    """End the run, or ask its worker to stop; False when it had ended already."""
    return False
