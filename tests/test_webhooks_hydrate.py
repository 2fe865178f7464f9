"""A thin event is completed by the resource's own read operation, and says why when it is not."""

import hashlib
import json

import pytest

from tests.accounts import connected
from tests.loopback import Loopback, answer
from tests.test_webhooks_processing import arrived, processed
from webhooks import gaps, hydrate
from webhooks.fields import mapped
from webhooks.models import Completion, Event, Policy

pytestmark = pytest.mark.django_db

BATCH = {
    "id": "batch_1",
    "object": "batch",
    "status": "completed",
    "output_file_id": "file_1",
    "request_counts": {"total": 3, "completed": 3},
    "completed_at": 1719168000,
}


@pytest.fixture(autouse=True)
def home(settings, tmp_path):
    settings.PRIVATE_HOSTS = ["127.0.0.1"]
    settings.FILES_ROOT = tmp_path


@pytest.fixture
def serve():
    running = []

    def start(script) -> Loopback:
        running.append(Loopback(script))
        return running[-1]

    yield start
    for server in running:
        server.close()


def thin(server: Loopback) -> Event:
    """Return a processed thin event of a connection to this server."""
    return processed(arrived(connected(base_url=f"{server.url}/v1")))


def test_all_declared_fields_are_found_in_the_fetched_object(serve):
    said = json.dumps(BATCH).encode()
    server = serve(answer(said))
    event = thin(server)
    assert (event.hydration, mapped(event).source) == ("thin", "envelope")
    hydrate.complete(event.pk)
    event.refresh_from_db()
    completion = Completion.objects.get(pk=event.pk)
    found = mapped(event, completion)
    assert event.hydration == "hydrated"
    assert (found.source, found.picked.missing) == ("hydrated", ())
    assert found.picked.resolved["id"] == "batch_1"
    assert bytes(completion.document) == said
    assert completion.sha256 == hashlib.sha256(said).hexdigest()
    assert event.raw == b'{"type": "batch.completed", "data": {"id": "batch_1"}}'
    assert b"GET /v1/batches/batch_1 " in server.requests[0]


def test_it_is_asked_for_once(serve):
    server = serve(answer(json.dumps(BATCH).encode()))
    event = thin(server)
    for _ in range(3):
        hydrate.complete(event.pk)
    assert server.accepts == 1


def test_a_404_leaves_it_thin_with_the_reason(serve):
    server = serve(answer(b'{"error":{"message":"No such batch"}}', "404 Not Found"))
    event = thin(server)
    hydrate.complete(event.pk)
    event.refresh_from_db()
    assert event.hydration == "thin"
    assert event.error.startswith("It stays thin.")
    assert "No such batch" in event.error
    assert mapped(event).picked.resolved == {"id": "batch_1"}


def test_a_person_may_ask_again(serve):
    answers = [answer(b"{}", "404 Not Found"), answer(json.dumps(BATCH).encode())]
    server = serve(lambda connection, request: answers.pop(0)(connection, request))
    event = thin(server)
    hydrate.complete(event.pk)
    hydrate.again(event)
    hydrate.complete(event.pk)
    event.refresh_from_db()
    assert (event.hydration, event.error) == ("hydrated", "")


def test_it_can_be_switched_off_for_a_connection_or_a_type(serve):
    server = serve(answer(b"{}"))
    connection = connected(base_url=f"{server.url}/v1")
    policy = Policy.objects.create(connection=connection, not_hydrated=["batch.completed"])
    processed(arrived(connection))
    Policy.objects.filter(pk=policy.pk).update(hydrate=False, not_hydrated=[])
    processed(arrived(connection))
    assert not Completion.objects.exists()


def test_our_own_tests_cost_no_call(serve):
    processed(
        arrived(connected(base_url=f"{serve(answer(b'{}')).url}/v1"), marks=["test"], object_id="test_1")
    )
    assert not Completion.objects.exists()


def test_an_id_that_makes_no_path_leaves_it_thin(serve):
    connection = connected(base_url=f"{serve(answer(b'{}')).url}/v1")
    event = processed(arrived(connection, object_id=".."))
    hydrate.complete(event.pk)
    event.refresh_from_db()
    assert event.error.startswith("It stays thin. It cannot be asked for")


LISTED = {
    "object": "list",
    "data": [
        {"id": "batch_1", "status": "completed"},
        {"id": "batch_2", "status": "completed"},
        {"id": "batch_3", "status": "failed"},
        {"id": "batch_4", "status": "in_progress"},
    ],
    "has_more": False,
}


def test_the_gap_finder_names_exactly_what_is_missing_and_creates_it_once(serve, operator):
    server = serve(answer(json.dumps(LISTED).encode()))
    connection = connected(base_url=f"{server.url}/v1")
    arrived(connection, object_id="batch_1")
    arrived(connection, object_id="batch_3", type="batch.failed")
    from operations import runs

    run = runs.start(connection, "batches.list", {"limit": 100}, wake_up=False, person=operator)
    found = gaps.compare(runs.execute(run.pk))
    assert (found.finished, found.arrived) == (3, 2)
    assert found.gaps == (gaps.Gap("batch_2", "completed", "batch.completed"),)
    event = gaps.recover(connection, found.gaps[0], operator)
    assert gaps.recover(connection, found.gaps[0], operator) == event
    assert (event.origin, event.marks) == ("recovered", ["recovered"])
    assert (event.object_id, event.type) == ("batch_2", "batch.completed")
    assert gaps.compare(run).gaps == ()


def test_the_lists_of_a_service_that_can_be_compared_are_found(operator):
    connection = connected()
    assert {resource.handle for resource, _ in gaps.comparable(connection)} == {"batches", "fine_tuning_jobs"}
    assert {run.operation_key for run in gaps.start(connection, operator)} == {
        "batches.list",
        "fine_tuning_jobs.list",
    }
