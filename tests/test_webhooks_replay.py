"""Replays are bounded and leave their mark on every event (threats.md, T30)."""

from tests.accounts import connected
from tests.test_webhooks_processing import arrived
from webhooks import replay
from webhooks.models import Event, Remark, State


def test_so_many_events_are_processed_again_and_no_more_each_with_who_said_so(operator, monkeypatch):
    monkeypatch.setattr(replay, "MOST", 2)
    research = connected()
    events = [arrived(research, state=State.PROCESSED) for _ in range(3)]
    assert replay.process_again(events, operator) == 2
    assert Event.objects.filter(state=State.RECEIVED).count() == 2
    assert set(Remark.objects.values_list("row_id", "person")) == {
        (one.pk, operator.pk) for one in events[:2]
    }


def test_a_viewer_replays_nothing_and_the_bulk_is_on_the_trail(operator_client, viewer_client):
    event = arrived(connected(), state=State.PROCESSED)
    assert viewer_client.post("/log/replay/").status_code == 403
    operator_client.post("/log/replay/")
    event.refresh_from_db()
    assert event.state == State.RECEIVED
