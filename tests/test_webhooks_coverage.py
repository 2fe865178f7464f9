"""A type that no definition knows is declared with one button, and taken back with another."""

import json

import pytest

from audit.models import Entry
from definitions import additions, catalog
from definitions.schema import Event as EventDefinition
from tests.accounts import SERVICE, connected
from tests.test_webhooks_processing import arrived
from webhooks import processing
from webhooks.fields import mapped
from webhooks.sends import OUR_TYPE

pytestmark = pytest.mark.django_db

SAID = {"type": "video.completed", "data": {"id": "video_1", "seconds": 4, "frames": [1, 2], "hd": True}}


@pytest.fixture(autouse=True)
def home(settings, tmp_path):
    settings.FILES_ROOT = tmp_path
    catalog.look_again()
    yield
    settings.FILES_ROOT = tmp_path / "gone"
    catalog.look_again()


@pytest.fixture
def event():
    found = arrived(connected(), json.dumps(SAID).encode(), type="video.completed", object_id="video_1")
    processing.process()
    return found


def declare(client, event, **more):
    address = f"/endpoints/{event.connection_id}/declare/"
    return client.post(address, {"type": event.type, **more}, follow=True).content.decode()


def known(type: str) -> EventDefinition | None:
    return catalog.event(SERVICE, type)


def test_one_button_declares_an_unknown_type_with_the_fields_that_were_seen(admin_client, event):
    assert "Add to my overlay" in admin_client.get(f"/endpoints/{event.connection_id}/").content.decode()
    assert "declared here" in declare(admin_client, event)
    types = {one.name: (one.type, one.multivalue) for one in known("video.completed").payload}
    assert types == {
        "frames": ("Integer", True),
        "hd": ("Boolean", False),
        "id": ("String", False),
        "seconds": ("Integer", False),
    }
    assert mapped(event).picked.resolved["seconds"] == 4
    assert Entry.objects.filter(action="definition.event_declared").exists()


def test_another_button_takes_it_back(admin_client, event):
    declare(admin_client, event)
    assert "Add to my overlay" in declare(admin_client, event, back="1")
    assert known("video.completed") is None
    assert known("batch.completed")


def test_a_type_that_resembles_known_ones_joins_their_resource(admin_client):
    event = arrived(connected(), b'{"type":"batch.archived","data":{"id":"b"}}', type="batch.archived")
    processing.process()
    declare(admin_client, event)
    assert known("batch.archived").resource == known("batch.completed").resource == "batches"


def test_who_may_not_configure_sees_the_lines_and_no_button(operator_client, event):
    page = operator_client.get(f"/endpoints/{event.connection_id}/").content.decode()
    assert "What it declares" in page
    assert "Add to my overlay" not in page
    assert operator_client.post(f"/endpoints/{event.connection_id}/declare/").status_code == 403


def test_a_type_that_never_came_is_not_declared(admin_client, event):
    admin_client.post(f"/endpoints/{event.connection_id}/declare/", {"type": "made.up"})
    assert additions.declared(SERVICE) == set()


def test_the_type_of_our_own_tests_is_not_offered(admin_client):
    event = arrived(
        connected(), json.dumps({"type": OUR_TYPE, "data": {"id": "test_1"}}).encode(), type=OUR_TYPE
    )
    processing.process()
    assert "Add to my overlay" not in declare(admin_client, event)
    assert additions.declared(SERVICE) == set()


def test_additions_that_break_a_definition_are_left_out_and_reported():
    additions.root().mkdir()
    (additions.root() / f"{SERVICE}.json").write_text(
        '{"resources": {"batches": {"webhooks": {"x": {"path": 5}}}}}'
    )
    catalog.look_again()
    assert known("batch.completed")
    assert any(finding.file == f"{SERVICE}.json" for finding in catalog.broken())
