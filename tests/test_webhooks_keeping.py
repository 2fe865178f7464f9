"""Forgetting on purpose, noticing silence, taking a payload away, doing it again."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import connection
from django.utils.translation import override

from audit import ids
from audit.models import Entry
from tests.accounts import connected, new_signing_secret
from tests.loopback import Loopback, answer
from tests.test_webhooks_processing import arrived, processed
from webhooks import partitions, redaction, replay, retention, silence
from webhooks.models import Completion, Dedupe, Event, Policy, Remark, Silence
from webhooks.pace import Pace
from webhooks.sends import CannotSend

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)


def aged(connection, days: float, **facts) -> Event:
    return arrived(connection, id=ids.new_id((NOW - timedelta(days=days)).timestamp()), **facts)


def forgotten_at(now: datetime) -> int:
    retention.begin(now)
    count = 0
    while retention.is_open():
        count += retention.go_on(now, Pace(rest=0))
    retention.forget_keys(now, Pace(rest=0))
    return count


def test_events_go_by_age_and_their_keys_stay():
    research, other = connected("Research"), connected("Other")
    old, new = aged(research, 40), aged(research, 1)
    kept = aged(other, 40)
    Dedupe.objects.create(connection_id=research.pk, delivery_id="wh_1", event_id=old.pk, digest=b"")
    policy = Policy.objects.create(connection=research, keep_days=30)
    assert retention.preview(policy, NOW).count == "1"
    Dedupe.objects.filter(delivery_id="wh_1").update(event_id=aged(other, 8).pk)
    assert forgotten_at(NOW) == 1
    assert set(Event.objects.filter(pk__in=[old.pk, new.pk, kept.pk])) == {new, kept}
    assert Dedupe.objects.count() == 1
    assert Entry.objects.filter(action="webhook.events_forgotten").exists()


def test_events_go_by_count_and_the_newest_stay():
    research = connected()
    rows = [aged(research, days) for days in (5, 4, 3, 2, 1)]
    policy = Policy.objects.create(connection=research, keep_count=2)
    assert retention.preview(policy, NOW).count == "3"
    assert forgotten_at(NOW) == 3
    assert set(Event.objects.all()) == set(rows[-2:])
    assert forgotten_at(NOW) == 0


def test_an_event_goes_with_what_belongs_to_it():
    event = aged(connected(), 40)
    Completion.objects.create(event_id=event.pk, connection=event.connection)
    Remark.objects.create(row_id=event.pk, text="x")
    Policy.objects.create(connection=event.connection, keep_days=30)
    forgotten_at(NOW)
    assert not Completion.objects.exists()
    assert not Remark.objects.exists()


def test_a_week_that_is_over_and_empty_is_dropped_and_its_ids_keep_a_place():
    later = NOW + 3 * partitions.WEEK
    partitions.extend(later)
    week = partitions.name(partitions.monday(NOW))
    event = arrived(connected())
    assert partitions.drop_oldest(later) == ""
    event.delete()
    assert partitions.drop_oldest(later) == week
    assert Event.objects.filter(pk=arrived(connected("Other")).pk).exists()


def test_a_week_that_somebody_still_reads_stays_until_the_next_time():
    later = NOW + partitions.WEEK
    week = partitions.name(partitions.monday(NOW))
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None}) as reader:
        reader.execute(f"SELECT count(*) FROM {week}")
        assert partitions.drop_oldest(later) == ""
    assert partitions.drop_oldest(later) == week


def test_a_week_of_which_nothing_is_kept_is_dropped_with_what_belongs_to_it():
    research, other = connected("Research"), connected("Other")
    later = NOW + 3 * partitions.WEEK
    week = partitions.name(partitions.monday(NOW))
    event = arrived(research)
    arrived(other)
    Completion.objects.create(event_id=event.pk, connection=research)
    Remark.objects.create(row_id=event.pk, text="of the event")
    refusal = Remark.objects.create(row_id=event.pk + 1_000, text="of a refusal")  # + 1 may be the next event
    Policy.objects.create(connection=research, keep_days=7)
    assert forgotten_at(later) == 1
    assert week == partitions.oldest(later).name  # the other connection keeps its event
    Policy.objects.create(connection=other, keep_days=7)
    arrived(research)
    assert forgotten_at(later) == 2
    assert partitions.oldest(later) is None
    assert list(Remark.objects.all()) == [refusal]
    told = Entry.objects.filter(action="webhook.events_forgotten").values_list("target_name", "after")
    assert sorted(told) == [
        ("Other", '{"count": 1}'),
        ("Research", '{"count": 1}'),
        ("Research", '{"count": 1}'),
    ]


def test_an_empty_week_does_not_stand_before_the_next_one():
    later = NOW + 3 * partitions.WEEK
    next_week = NOW + partitions.WEEK
    research = arrived(connected(), id=ids.new_id(next_week.timestamp())).connection
    Policy.objects.create(connection=research, keep_days=1, forgetting=ids.id_at(later))
    assert retention.go_on(later, Pace(rest=0)) == 1
    assert partitions.oldest(later) is None


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_forget_at_once():
    research = connected()
    aged(research, 40)
    Policy.objects.create(connection=research, keep_days=30)
    retention.begin(NOW)
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None}) as other:
        other.execute("SELECT pg_advisory_xact_lock(hashtext('webhooks.retention'))")
        assert retention.go_on(NOW, Pace(rest=0)) == 0
    assert (Event.objects.count(), retention.is_open()) == (1, True)
    assert retention.go_on(NOW, Pace(rest=0)) == 1


def test_a_week_that_somebody_reads_is_left_whole_and_its_pass_open():
    later = NOW + 3 * partitions.WEEK
    Policy.objects.create(connection=arrived(connected()).connection, keep_days=7)
    retention.begin(later)
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None}) as reader:
        reader.execute("SELECT count(*) FROM webhooks_event")
        assert retention.go_on(later, Pace(rest=0)) == 0
    assert (Event.objects.count(), retention.is_open()) == (1, True)
    assert retention.go_on(later, Pace(rest=0)) == 1


def test_it_rests_after_every_step_and_goes_on_where_it_was(monkeypatch):
    research = connected()
    for days in (4, 3, 2, 1):
        aged(research, days)
    monkeypatch.setattr(retention, "STEP", 1)
    policy = Policy.objects.create(connection=research, keep_count=1)
    retention.begin(NOW)
    rests: list[float] = []
    assert retention.go_on(NOW, Pace(seconds=0, sleep=rests.append)) == 0
    policy.refresh_from_db()
    assert (Event.objects.count(), policy.forgotten, rests) == (3, 1, [])
    assert retention.go_on(NOW, Pace(seconds=3600, sleep=rests.append)) == 3
    assert len(rests) == 3
    assert Entry.objects.get(action="webhook.events_forgotten").after == '{"count": 3}'


def test_silence_is_noticed_once_and_ends_with_the_next_event():
    research = connected()
    watch = Silence.objects.create(connection=research, type="batch.completed", hours=6)
    assert silence.look(NOW) == []
    assert silence.look(NOW + timedelta(hours=7)) == [watch]
    assert silence.look(NOW + timedelta(hours=7)) == []
    arrived(research, id=ids.new_id((NOW + timedelta(hours=7)).timestamp()))
    assert silence.look(NOW + timedelta(hours=8)) == []
    watch.refresh_from_db()
    assert not watch.silent


def test_a_redacted_payload_is_gone_and_a_tombstone_stays(admin):
    event = processed(arrived(connected()))
    redaction.redact(event, admin, "holds a name")
    event.refresh_from_db()
    assert (event.body, event.view) == (None, None)
    assert "redacted" in event.marks
    assert event.type == "batch.completed"
    assert "holds a name" in Remark.objects.get(row_id=event.pk).text
    assert Entry.objects.filter(action="webhook.redacted").exists()


def test_an_event_can_be_processed_again(operator):
    event = processed(arrived(connected()))
    assert replay.process_again([event], operator) == 1
    event.refresh_from_db()
    assert event.state == "received"
    assert processed(event).state == "processed"


def test_an_event_is_sent_again_signed_anew_to_a_url(operator, settings):
    settings.PRIVATE_HOSTS = ["127.0.0.1"]
    server = Loopback(answer(b"", "204 No Content"))
    event = arrived(connected(webhook_secret=new_signing_secret()), delivery_id="wh_1")
    assert replay.resend(event, f"{server.url}/hook", operator) == 204
    server.close()
    request = server.requests[0]
    assert request.startswith(b"POST /hook ")
    assert b"webhook-id: wh_1" in request
    assert b"webhook-signature: v1," in request
    assert request.endswith(event.raw)


def test_what_could_not_be_reached_names_the_address_that_was_entered(operator, settings, free_port):
    settings.PRIVATE_HOSTS = ["127.0.0.1"]
    event = arrived(connected(webhook_secret=new_signing_secret()))
    with pytest.raises(CannotSend, match="Check the address that you entered, or try again later"):
        replay.resend(event, f"http://127.0.0.1:{free_port()}/", operator)
    with (
        override("de"),
        pytest.raises(CannotSend, match="Bitte die eingegebene Adresse prüfen oder"),
    ):
        replay.resend(event, f"http://127.0.0.1:{free_port()}/", operator)


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "file:///etc/passwd", "https://metadata/", "nonsense"])
def test_it_is_not_sent_where_nothing_may_go(url, operator):
    event = arrived(connected(webhook_secret=new_signing_secret()))
    with pytest.raises(CannotSend):
        replay.resend(event, url, operator)
