"""A refused delivery becomes an event, once, when what was wrong on our side has been put right."""

import json
import time

import pytest

from connections import connecting, signing
from tests.accounts import new_signing_secret
from tests.doors import Sender, body
from webhooks import late, processing
from webhooks.models import Cause, Event, Rejection
from webhooks.slots import Slots
from webhooks.views.doctor import findings

pytestmark = pytest.mark.django_db


def refused(
    sender: Sender, said: bytes, *, age: float = 0, cause: str = Cause.BAD_SIGNATURE, name: str = "wh_1"
) -> Rejection:
    """Return what the door stores of a refused delivery, signed by this sender."""
    told = [
        (key.decode(), value.decode()) for key, value in sender.headers(said, name=name, at=time.time() - age)
    ]
    return Rejection.objects.create(
        connection=sender.connection,
        cause=cause,
        status=401,
        last_at="2026-11-24T00:00:00Z",
        headers=json.dumps(told),
        body=said,
        delivery_id=name,
        path=sender.path,
    )


def corrected(sender: Sender) -> None:
    """Enter the secret that the sender really uses."""
    connecting.set_signing_secret(sender.connection, sender.secret, keep_hours=0)


@pytest.fixture
def wrong() -> Sender:
    """A sender whose connection holds another secret than the one it signs with."""
    sender = Sender.of()
    sender.secret = new_signing_secret()
    return sender


def test_it_becomes_an_event_once_and_is_marked(wrong):
    said = body()
    rejection = refused(wrong, said)
    with pytest.raises(late.StillRefused, match="No signature fits"):
        late.verify_again(rejection)
    corrected(wrong)
    event = late.verify_again(rejection)
    assert late.verify_again(rejection) == event
    assert Event.objects.count() == 1
    assert (event.raw, event.type, event.marks) == (said, "batch.completed", ["late_verified"])
    rejection.refresh_from_db()
    assert rejection.event_id == event.pk
    assert abs((event.arrived_at - rejection.arrived_at).total_seconds()) < 0.01
    processing.process()
    event.refresh_from_db()
    assert event.state == "processed"


def test_the_age_is_judged_at_the_time_it_arrived(wrong):
    old = refused(wrong, body(), age=1000, cause=Cause.TOO_OLD)
    corrected(wrong)
    with pytest.raises(late.StillRefused, match="before it arrived"):
        late.verify_again(old)


def test_all_of_one_cause_at_once(wrong):
    for number in range(3):
        refused(wrong, body(data={"id": f"batch_{number}"}), name=f"wh_{number}")
    other = refused(wrong, body(), age=1000, cause=Cause.TOO_OLD, name="wh_old")
    corrected(wrong)
    outcome = late.verify_all(Rejection.objects.filter(cause=Cause.BAD_SIGNATURE).first())
    assert (outcome.accepted, outcome.refused) == (3, 0)
    other.refresh_from_db()
    assert other.event_id is None


def test_what_came_again_in_the_meantime_is_not_stored_twice(wrong):
    said = body()
    first, second = refused(wrong, said), refused(wrong, said)
    corrected(wrong)
    assert late.verify_again(first) == late.verify_again(second)
    assert Event.objects.count() == 1


def test_without_its_body_it_stays_refused(wrong):
    rejection = refused(wrong, body())
    rejection.body = None
    with pytest.raises(late.StillRefused, match="not kept"):
        late.verify_again(rejection)


def test_a_flood_shares_a_row_and_what_can_be_verified_keeps_twenty():
    slots, where = Slots(), (None, "missing_header", "peer")
    assert slots.slot(*where, 60.0, "") == slots.slot(*where, 119.0, "")
    assert slots.slot(*where, 60.0, "") != slots.slot(*where, 120.0, "")
    apart = {slots.slot(None, "bad_signature", "peer", 60.0, f"wh_{number}") for number in range(100)}
    assert len(apart) == 21
    assert slots.slot(None, "bad_signature", "peer", 60.0, "wh_3") in apart
    assert len({slots.slot(None, "malformed_header", "peer", 60.0, f"wh_{n}") for n in range(100)}) == 1


def test_the_key_of_the_test_sender_is_the_secrets():
    sender = Sender.of()
    assert sender.key == signing.key(sender.connection.definition.webhooks, sender.secret)


def test_nothing_is_said_of_a_signature_whose_body_is_not_kept(wrong, operator, operator_client):
    rejection = refused(wrong, body())
    assert "Try a secret" in operator_client.get(rejection.get_absolute_url()).content.decode()
    Rejection.objects.update(body=None)
    rejection.refresh_from_db()
    assert findings(rejection, operator) == []
    page = operator_client.get(rejection.get_absolute_url()).content.decode()
    assert "only the headers can be judged" in page
    assert "Try a secret" not in page
