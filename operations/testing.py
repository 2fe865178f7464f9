"""Testing a connection: the definition's own read-only call, and one sentence about what came of it."""

from dataclasses import dataclass

from django.utils.translation import gettext_noop

from connections.models import Connection
from operations import runs
from operations.build import InputErrors
from operations.models import Origin, Run, State
from people.models import Person

WORKS = gettext_noop("It works: {operation} answered {status}.")
FOUND = gettext_noop("It works: {operation} answered {status}, which named {summary}.")
ENDED = gettext_noop("The test ended as {state}.")


@dataclass(frozen=True, slots=True)
class Result:
    """What the test showed; `run` is None when there was nothing to run."""

    good: bool
    sentence: str
    run: Run | None = None


def test(connection: Connection, person: Person | None) -> Result:
    """Run the test in this process, once, without retries, and say what is wrong."""
    try:
        key = connection.definition.test_operation
        if not key:
            return Result(False, gettext_noop("Its definition names no call that proves a key."))
        run = runs.start(connection, key, {}, person=person, origin=Origin.TEST, wake_up=False)
    except (LookupError, InputErrors) as error:
        return Result(False, f"{error}")
    done = runs.execute(run.id)
    return (
        _result(done)
        if done
        else Result(False, gettext_noop("Another worker took the test: look at its run."), run)
    )


def _result(run: Run) -> Result:
    if run.state == State.SUCCEEDED:
        shape = FOUND if run.items is not None else WORKS
        words = shape.format(operation=run.operation_key, status=run.status, summary=run.summary)
        return Result(True, words, run)
    return Result(False, run.error or ENDED.format(state=run.get_state_display().lower()), run)
