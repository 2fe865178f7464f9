"""What happens to an event after it was answered."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.accounts import connected
from webhooks import processing
from webhooks.models import Event

pytestmark = pytest.mark.django_db


def arrived(connection=None, body: bytes | None = None, **facts) -> Event:
    """Return an event as the door stores it."""
    said = {"type": facts.get("type", "batch.completed"), "data": {"id": facts.get("object_id", "batch_1")}}
    facts = {"type": said["type"], "object_id": said["data"]["id"], **facts}
    return Event.objects.create(
        connection=connection, body=json.dumps(said).encode() if body is None else body, **facts
    )


def processed(event: Event) -> Event:
    processing.process()
    event.refresh_from_db()
    return event


def test_an_event_is_read_and_processed_once():
    event = processed(arrived(connected()))
    assert event.state == "processed"
    assert event.processed_at
    assert event.view == {"type": "batch.completed", "data": {"id": "batch_1"}}
    assert event.hydration == "thin"
    assert processing.process() == 0


def test_an_unknown_type_is_marked():
    assert processed(arrived(connected(), type="video.completed")).marks == ["unknown_type"]


def test_duplicate_keys_are_marked():
    event = processed(arrived(connected(), b'{"id":"good","id":"evil"}', type=""))
    assert event.marks == ["duplicate_keys"]


def test_what_jsonb_cannot_hold_is_processed_without_a_view():
    event = processed(arrived(connected(), b'{"type":"\\u0000"}'))
    assert (event.state, event.view) == ("processed", None)
    assert event.raw == b'{"type":"\\u0000"}'


def test_an_older_event_after_a_newer_one_is_out_of_order():
    connection, now = connected(), datetime.now(UTC)
    arrived(connection, created_at=now)
    late = arrived(connection, created_at=now - timedelta(seconds=5))
    other = arrived(connection, created_at=now - timedelta(seconds=5), object_id="batch_2")
    assert processed(late).marks == ["out_of_order"]
    other.refresh_from_db()
    assert other.marks == []


def test_held_events_wait_until_the_endpoint_is_released():
    connection = connected()
    event = arrived(connection, marks=["held"])
    type(connection).objects.update(paused=True)
    assert processed(event).state == "received"
    type(connection).objects.update(paused=False)
    assert processed(event).state == "processed"
    assert event.marks == []


def test_one_that_cannot_be_processed_fails_alone_and_says_why(monkeypatch):
    connection = connected()
    bad, good = arrived(connection, type="bad"), arrived(connection)
    monkeypatch.setattr(processing, "definition_of", lambda event: 1 // (event.type != "bad") and None)
    assert processed(bad).state == "failed"
    assert "ZeroDivisionError" in bad.error
    good.refresh_from_db()
    assert good.state == "processed"
