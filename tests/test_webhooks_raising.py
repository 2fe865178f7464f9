"""Events that the service never posts, raised here by the answers of our own runs."""

import json

import pytest

from definitions import catalog
from operations import runs
from operations.models import Run
from operations.models.run import Origin
from tests.accounts import SERVICE, connected
from tests.loopback import Loopback, answer
from tests.test_webhooks_processing import processed
from webhooks import raising
from webhooks.models import Completion, Event

pytestmark = pytest.mark.django_db

SAID = {"id": "file_1", "object": "file", "deleted": True}


@pytest.fixture
def run(settings, tmp_path):
    """Return a finished run of `files.delete`."""
    settings.PRIVATE_HOSTS, settings.FILES_ROOT = ["127.0.0.1"], tmp_path
    server = Loopback(answer(json.dumps(SAID).encode()))
    started = runs.start(
        connected(base_url=f"{server.url}/v1"), "files.delete", {"file_id": "file_1"}, wake_up=False
    )
    yield runs.execute(started.pk)
    server.close()


def test_a_finished_run_raises_its_event_and_says_so_on_the_log(run, viewer_client):
    (code,) = run.raised
    event = Event.objects.get()
    assert (event.code, event.type, event.object_id) == (code, "file.deleted", "file_1")
    assert (event.origin, event.marks, event.delivery_id) == ("raised", ["raised"], run.ref)
    assert processed(event).marks == ["raised"]
    assert b"Raised here" in viewer_client.get("/log/?mark=raised").content


def test_what_completes_an_event_raises_none_so_nothing_goes_round(run):
    run.origin = Origin.HYDRATION
    assert raising.after_run(run, SAID) == []


def test_an_event_that_was_raised_asks_the_service_nothing(run):
    event = processed(Event.objects.get())
    assert not Completion.objects.filter(pk=event.pk).exists()
    assert Run.objects.get() == run


def test_every_event_that_is_declared_as_raised_names_an_operation_that_exists():
    service = catalog.service(SERVICE)
    raised = [event for resource in service.resources for event in resource.events if event.raised_by]
    assert len(raised) == 14
    assert all(service.operation(key) for event in raised for key in event.raised_by)
