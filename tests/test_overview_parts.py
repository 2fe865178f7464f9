"""The day's runs in parts: what is over is counted once, and what changes in it is seen at the next look."""

import random
import statistics
from array import array
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection as database
from django.utils import timezone

from audit import ids
from connections.models import Connection
from operations.models import Run, State
from overview import figures, parts, sight, tasks
from overview.models import RunChange

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection() -> Connection:
    return Connection.objects.create(name="Main", service="chatgpt-v1", practice=True)


def make(connection: Connection, state: str = State.SUCCEEDED, *, hours: float = 3, **values: object) -> Run:
    born = timezone.now() - timedelta(hours=hours)
    known = {"connection_name": connection.name, "service": "chatgpt-v1", "resource": "models"} | values
    return Run.objects.create(id=ids.new_id(born.timestamp()), connection=connection, state=state, **known)


def day(person) -> dict[str, int]:
    """Return how many of the day's runs ended in which way, as the overview says it to this person."""
    hours = figures.last_day(sight.of(person)).runs.hours
    return {name: hours.total(name) for name in State.values if hours.total(name)}


def reads(person, run: Run) -> bool:
    """Say whether a look at the day asks for the hour of this run."""
    asked: list[tuple[int, int]] = []

    def note(execute, sql, params, many, context):
        asked.extend(zip(params["since"], params["until"], strict=True) if "part(since" in sql else [])
        return execute(sql, params, many, context)

    with database.execute_wrapper(note):
        figures.last_day(sight.of(person))
    return any(since <= run.pk < until for since, until in asked)


def test_a_second_look_reads_nothing_of_the_hours_that_are_over(admin, connection) -> None:
    over, present = make(connection), make(connection, hours=0)
    assert reads(admin, over)
    assert not reads(admin, over)
    assert reads(admin, present)
    assert day(admin) == {"succeeded": 2}


CHANGES: dict[str, tuple[Callable[[Run], object], dict[str, int]]] = {
    "it ends": (lambda run: Run.objects.filter(pk=run.pk).update(state="failed"), {"failed": 1}),
    "it is begun": (lambda run: Run.objects.filter(pk=run.pk).update(state="running"), {"running": 1}),
    "it goes": (lambda run: run.delete(), {}),
    "another comes in late": (lambda run: make(run.connection), {"succeeded": 1}),
}


@pytest.mark.parametrize(
    ("before", "change"),
    [("queued", "it ends"), ("unknown", "it ends"), ("succeeded", "it goes"), ("queued", "it goes")]
    + [("failed", "another comes in late"), ("unknown", "it is begun")],
)
def test_what_changes_in_an_hour_that_is_over_is_seen_at_the_next_look(
    viewer, connection, before, change
) -> None:
    run = make(connection, before)
    assert day(viewer) == day(viewer) == {before: 1}
    does, after = CHANGES[change]
    does(run)
    kept = {before: 1} if change == "another comes in late" else {}
    assert day(viewer) == kept | after


def test_what_it_used_is_seen_to_change(viewer, connection) -> None:
    run = make(connection, total_tokens=10, cost=Decimal("0.5"))
    assert figures.last_day(sight.of(viewer)).runs.whole.tokens == 10
    Run.objects.filter(pk=run.pk).update(total_tokens=7)
    assert figures.last_day(sight.of(viewer)).runs.whole.tokens == 7


def test_what_one_person_was_shown_is_not_shown_to_another(admin, viewer, connection) -> None:
    make(connection)
    assert day(admin) == day(viewer) == {"succeeded": 1}
    Connection.objects.update(limited=True)
    assert day(admin) == {"succeeded": 1}
    assert day(viewer) == {}


def test_ordinary_runs_and_what_is_old_leave_no_line(viewer, connection) -> None:
    run = make(connection, State.QUEUED, hours=0)
    Run.objects.filter(pk=run.pk).update(state="succeeded", total_tokens=3)
    Run.objects.filter(pk=run.pk).update(note="a word", tags=["nightly"])
    make(connection, hours=30).delete()
    assert not RunChange.objects.exists()
    make(connection)
    # A day and an hour from the present hour on, which begins five minutes late (`hours.CLOCKS`).
    RunChange.objects.update(run_id=ids.id_at(timezone.now() - timedelta(hours=27)))
    tasks.count_hours()
    assert not RunChange.objects.exists()


def test_of_many_lines_one_new_one_is_left(viewer, connection) -> None:
    runs = [make(connection) for _ in range(30)]
    assert day(viewer) == {"succeeded": 30}
    runs[0].delete()
    tasks.count_hours()
    assert RunChange.objects.count() == 1
    assert day(viewer) == {"succeeded": 29}


@pytest.mark.parametrize("size", [1, 2, 5, 400])
def test_percentiles_of_several_parts_are_those_of_all_together(size) -> None:
    chance = random.Random(size)
    times = [[chance.randrange(300) for _ in range(size)] for _ in range(3)]
    found = [parts.Part({}, 0, Decimal(), array("i", sorted(some))) for some in [*times, []]]
    together = [value for some in times for value in some]
    cuts = statistics.quantiles(together, n=20, method="inclusive")
    for share, value in ((0.5, cuts[9]), (0.95, cuts[18])):
        told = parts.percentile(found, share)
        assert told is not None
        assert told / timedelta(milliseconds=1) == pytest.approx(value, abs=0.01)
    assert parts.percentile([], 0.5) is None
