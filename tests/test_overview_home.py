"""The overview: what needs attention, the first steps, a day's figures; and the System page."""

import html
import re
import uuid
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from audit import ids
from connections.models import Connection
from operations.models import Policy, Run, State
from overview import attention, figures, first_steps, health, navigation, sight, tasks
from overview.models import Pulse
from webhooks.models import Event, Rejection, Silence


@pytest.fixture
def connection(db) -> Connection:
    return Connection.objects.create(name="Main", service="chatgpt-v1", practice=True)


@pytest.fixture
def make_run(connection):
    def make(state: str = State.SUCCEEDED, *, hours: float = 0, **values: object) -> Run:
        born = timezone.now() - timedelta(hours=hours)
        values = {
            "connection": connection,
            "connection_name": "Main",
            "service": "chatgpt-v1",
            "resource": "models",
        } | values
        return Run.objects.create(id=ids.new_id(born.timestamp()), operation="list", state=state, **values)

    return make


def refuse(connection, count: int = 1, **values: object) -> Rejection:
    values = {
        "cause": "bad_signature",
        "status": 401,
        "last_at": timezone.now(),
        "slot": uuid.uuid4(),
    } | values
    return Rejection.objects.create(id=ids.new_id(), connection=connection, count=count, **values)


def titles(person) -> list[str]:
    seen = sight.of(person)
    return [finding.title for finding in attention.findings(seen, figures.to_see(seen))]


def test_a_quiet_house_needs_nothing(viewer, connection) -> None:
    assert titles(viewer) == []


def test_a_connection_without_a_signing_secret_is_told(viewer, connection) -> None:
    Connection.objects.update(practice=False)
    assert titles(viewer) == ["Main takes no webhooks"]


def test_what_only_an_admin_may_do_is_offered_to_admins_alone(viewer, admin, connection) -> None:
    Connection.objects.update(practice=False)
    seen = (sight.of(person) for person in (viewer, admin))
    first = [attention.findings(one, figures.to_see(one))[0] for one in seen]
    assert [finding.action for finding in first] == ["See the endpoint", "Enter the secret"]
    assert {finding.url for finding in first} == {f"{connection.get_absolute_url()}?tab=webhook"}


def test_a_failing_connection_is_told_until_a_run_succeeds(viewer, make_run) -> None:
    for _ in range(3):
        make_run(State.FAILED)
    assert titles(viewer) == ["Main is failing"]
    make_run(State.SUCCEEDED)
    assert titles(viewer) == []


def test_runs_with_an_unknown_end_and_runs_that_nobody_takes_are_told_worst_first(viewer, make_run) -> None:
    make_run(State.UNKNOWN)
    make_run(State.QUEUED, hours=0.1)
    assert titles(viewer) == ["Runs are not taken up", "1 run with an unknown end"]


def test_a_run_whose_connection_is_held_back_is_not_laid_on_the_worker(viewer, connection, make_run) -> None:
    def told() -> tuple[list[str], str]:
        return titles(viewer), {part.name: part.state for part in health.parts()}["Queue"]

    make_run(State.QUEUED, hours=0.1)
    Policy.objects.create(connection=connection, not_before=timezone.now() + timedelta(minutes=1))
    assert told() == ([], "ok")
    Policy.objects.update(not_before=timezone.now() - timedelta(minutes=1))
    assert told() == (["Runs are not taken up"], "warning")


def test_refused_deliveries_are_counted_without_tests_and_strangers(viewer, connection) -> None:
    refuse(connection, 40)
    refuse(connection, 2)
    refuse(connection, 7, test=True)
    refuse(None, 1000, cause="unknown_endpoint")
    assert titles(viewer) == ["42 refused deliveries in 24 hours"]


def test_one_is_told_as_one(viewer, connection) -> None:
    refuse(connection, 1)
    assert titles(viewer) == ["1 refused delivery in 24 hours"]


def test_a_type_that_fell_silent_is_told_until_it_is_heard(viewer, connection) -> None:
    Silence.objects.create(connection=connection, type="batch.completed", hours=1, silent=True)
    assert titles(viewer) == ["batch.completed is silent"]
    Silence.objects.update(silent=False)
    assert titles(viewer) == []


def test_an_admin_is_told_that_the_account_has_no_second_factor(admin) -> None:
    assert titles(admin) == ["Your account has no second factor"]


def test_what_someone_may_not_see_does_not_show(viewer, connection, make_run) -> None:
    make_run(State.UNKNOWN)
    refuse(connection)
    Connection.objects.update(limited=True)
    assert titles(viewer) == []
    assert figures.last_day(sight.of(viewer)).runs.hours.total() == 0


def test_the_steps_tick_themselves_off(viewer, connection, make_run) -> None:
    def done() -> list[bool]:
        return [step.done for step in first_steps.steps(sight.of(viewer))]

    assert done() == [True, False, False, False]
    make_run(origin="test")
    assert done() == [True, True, False, False]
    make_run()
    assert done() == [True, True, True, False]
    Event.objects.create(connection=connection, type="batch.completed")
    assert done() == [True] * 4


def test_a_day_is_counted_hour_by_hour(viewer, connection, make_run) -> None:
    with time_machine.travel(timezone.now().replace(minute=30, second=0), tick=False):
        make_run()
        make_run(State.FAILED, hours=1)
        make_run(State.UNKNOWN, hours=1)
        make_run(hours=25)
        refuse(connection, 5)
        day = figures.last_day(sight.of(viewer))
    assert day.runs.hours.total() == 3
    assert day.runs.hours.counts[-1] == {"succeeded": 1}
    assert day.runs.hours.counts[-2] == {"failed": 1, "unknown": 1}
    assert day.deliveries[-1] == {"events": 0, "refused": 5}
    assert day.runs.failure_rate == pytest.approx(66.7, abs=0.1)


def arrive(connection, *, hours: float) -> None:
    born = timezone.now() - timedelta(hours=hours)
    Event.objects.create(id=ids.new_id(born.timestamp()), connection=connection, type="batch.completed")


def test_counted_hours_and_newer_events_make_one_number_each(admin, viewer, connection) -> None:
    with time_machine.travel(timezone.now().replace(minute=30, second=0), tick=False):
        for hours in (3, 3, 1, 30):
            arrive(connection, hours=hours)
        before = figures.last_day(sight.of(viewer)).events
        tasks.count_hours()
        tasks.count_hours()  # each event counts once
        arrive(connection, hours=0)
        Event.objects.filter(id__lt=ids.id_at(timezone.now() - timedelta(hours=2))).delete()  # retention
        for person in (admin, viewer):
            after = figures.last_day(sight.of(person)).events
            assert (before.total(), after.total()) == (3, 4)
            assert (after.counts[-4], after.counts[-1]) == ({"events": 2}, {"events": 1})
        Connection.objects.update(limited=True)
        assert figures.last_day(sight.of(viewer)).events.total() == 0


def test_a_clock_that_was_ahead_for_a_while_costs_no_event(viewer, connection) -> None:
    with time_machine.travel(timezone.now().replace(minute=30, second=0), tick=False) as clock:
        arrive(connection, hours=0)
        clock.shift(timedelta(minutes=20))
        tasks.count_hours()
        clock.shift(timedelta(minutes=-20))
        arrive(connection, hours=0)
        clock.shift(timedelta(minutes=1))
        tasks.count_hours()
        assert figures.last_day(sight.of(viewer)).events.total() == 2


def test_times_tokens_and_cost_are_summed(viewer, make_run) -> None:
    now = timezone.now()
    for seconds in (1, 2, 9):
        make_run(started_at=now, finished_at=now + timedelta(seconds=seconds), total_tokens=10, cost="0.5")
    day = figures.last_day(sight.of(viewer))
    assert day.runs.whole.median == timedelta(seconds=2)
    assert day.runs.whole.slow > timedelta(seconds=8)
    assert (day.runs.whole.tokens, float(day.runs.whole.cost)) == (30, 1.5)
    assert sum(one.tokens for one in day.runs.used) == 30


@pytest.mark.parametrize("role", ["viewer", "admin"])
def test_the_page_costs_twelve_queries_however_much_there_is(
    role, person, client_of, make_run, django_assert_max_num_queries
) -> None:
    for hours in range(20):
        make_run(State.FAILED, hours=hours)
    client = client_of(person(role))
    client.get("/")  # the first page of a session writes down when it was seen
    with django_assert_max_num_queries(12):
        page = client.get("/").content.decode()
    assert "Your first five minutes" in page
    assert "Deliveries" in page


def test_the_title_counts_what_needs_attention(viewer_client, make_run) -> None:
    make_run(State.UNKNOWN)
    assert "<title>(1) Overview" in viewer_client.get("/").content.decode()


def test_the_system_page_looks_at_every_part_in_twelve_statements(
    operator_client, db, django_assert_max_num_queries
) -> None:
    tasks.pulse()
    operator_client.get("/")  # writes down that this session was used
    with django_assert_max_num_queries(12):
        page = operator_client.get("/system/").content.decode()
    assert "all applied" in page
    assert {part.name: part.state for part in health.parts()}["Worker"] == "ok"
    assert "PostgreSQL 18" in page


def test_a_silent_worker_is_told(db) -> None:
    Pulse.objects.create(worker="w", at=timezone.now() - timedelta(minutes=2), worker_at=timezone.now())
    states = {part.name: part.state for part in health.parts()}
    assert (states["Worker"], states["Worker's clock"]) == ("failed", "warning")


def test_a_part_that_cannot_be_looked_at_does_not_hide_the_others(db, settings) -> None:
    settings.HOME = "/nowhere/at/all"
    states = {part.name: part.state for part in health.parts()}
    assert states["Disk"] == "failed"
    assert states["Database"] in ("ok", "warning")  # slow is an answer too


def test_the_sidebar_marks_the_room_of_the_page(viewer_client, db) -> None:
    page = viewer_client.get("/people/").content.decode()
    assert page.count('aria-current="page"') == 1
    assert 'href="/people/" aria-current="page"' in page


def test_a_room_without_pages_has_no_line_and_breaks_nothing() -> None:
    assert navigation.address("operations:no_such_page") == ""


def test_the_number_of_bad_runs_leads_to_exactly_these(viewer_client, make_run) -> None:
    for state in (State.FAILED, State.UNKNOWN, State.SUCCEEDED):
        make_run(state)
    make_run(State.FAILED, hours=30)
    page = viewer_client.get("/").content.decode()
    [link] = set(re.findall(r'figure h-100" href="([^"]+state=bad)"', page))
    listed = viewer_client.get(html.unescape(link)).content.decode()
    assert listed.count("<tr ") == 2
