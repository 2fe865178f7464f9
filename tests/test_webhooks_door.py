"""The public door: what it answers, what it stores, and that it never answers before it has stored."""

import asyncio
import re
import time
from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from connections.models import Secret
from tests.doors import Sender, body, post, run
from webhooks.models import Dedupe, Event, Rejection
from webhooks.tally import Tally

pytestmark = pytest.mark.django_db(transaction=True)


def deliver(*deliveries) -> list[int]:
    """Post all at once and return the statuses; everything that is written apart is written by then."""

    async def scenario(door):
        return [answer.status for answer in await asyncio.gather(*(post(door, *one) for one in deliveries))]

    return run(scenario)


def test_a_signed_delivery_is_stored_byte_for_byte():
    sender, said = Sender.of(), body()
    assert deliver((sender.path, sender.headers(said, name="wh_a"), said)) == [200]
    event = Event.objects.get()
    assert event.raw == said
    assert (event.type, event.object_id, event.delivery_id) == ("batch.completed", "batch_1", "wh_a")
    assert (event.connection, event.secret_label, event.peer) == (sender.connection, "current", "203.0.113.7")
    assert abs(event.created_at - timezone.now()) < timedelta(seconds=10)
    assert ("content-type", "application/json") in event.header_pairs
    assert abs(event.arrived_at - timezone.now()) < timedelta(seconds=10)


def test_the_published_paths_work_below_the_endpoint_and_bare():
    sender, said = Sender.of(), body()
    paths = [
        f"{sender.path}/",
        f"{sender.path}/chatgpt/batch-completed",
        f"{sender.path}/chatgpt/batch-completed/",
        "/webhooks/chatgpt/batch-completed",
    ]
    assert deliver(*((path, sender.headers(said), said) for path in paths)) == [200] * 4
    assert set(Event.objects.values_list("path", flat=True)) == set(paths)
    assert not Event.objects.exclude(marks=[]).exists()


def test_a_path_of_another_type_is_stored_under_the_bodys_type_and_marked():
    sender, said = Sender.of(), body()
    assert deliver((f"{sender.path}/chatgpt/response-failed", sender.headers(said), said)) == [200]
    event = Event.objects.get()
    assert (event.type, event.marks) == ("batch.completed", ["mismatch"])


def test_a_body_without_a_type_takes_the_paths():
    sender, said = Sender.of(), b'{"id":"batch_9","status":"completed"}'
    assert deliver((f"{sender.path}/chatgpt/batch-completed", sender.headers(said), said)) == [200]
    assert Event.objects.get().type == "batch.completed"


def test_fifty_of_the_same_at_once_are_one_event_and_forty_nine_repeats():
    sender, said = Sender.of(), body()
    told = sender.headers(said, name="wh_same")
    assert deliver(*[(sender.path, told, said)] * 50) == [200] * 50
    event = Event.objects.get()
    assert (event.duplicates, event.marks) == (49, ["duplicate"])


def test_the_same_id_with_another_body_changes_nothing_and_is_marked_a_conflict():
    sender, said, other = Sender.of(), body(), body(type="batch.failed")
    deliver((sender.path, sender.headers(said, name="wh_x"), said))
    assert deliver((sender.path, sender.headers(other, name="wh_x"), other)) == [200]
    event = Event.objects.get()
    assert (event.raw, event.duplicates) == (said, 1)
    assert set(event.marks) == {"duplicate", "conflict"}


@pytest.mark.parametrize(("rest", "ends"), [(0.05, False), (3600, True)])
def test_a_secrets_use_is_noted_though_no_delivery_follows(rest, ends):
    secrets = [Sender.of(name).connection.secrets.signing().get() for name in ("One", "Two")]

    async def scenario() -> None:
        tally = Tally(rest)
        tally.used(secrets[0].pk)
        await _noted(secrets[0])
        tally.used(secrets[1].pk)  # during the rest after the first
        if ends:
            await tally.close()
        await _noted(secrets[1])
        if not ends:
            await tally.close()

    asyncio.run(scenario())


async def _noted(secret: Secret) -> None:
    async with asyncio.timeout(10):
        while not await Secret.objects.filter(pk=secret.pk, last_used_at__isnull=False).aexists():
            await asyncio.sleep(0.01)


def test_the_key_outlives_the_payload():
    sender, said = Sender.of(), body()
    told = sender.headers(said)
    deliver((sender.path, told, said))
    Event.objects.all().delete()
    assert deliver((sender.path, told, said)) == [200]
    assert not Event.objects.exists()
    assert Dedupe.objects.count() == 1


def test_the_same_id_at_two_connections_is_two_events():
    one, two, said = Sender.of("One"), Sender.of("Two"), body()
    told = [(sender.path, sender.headers(said, name="wh_1"), said) for sender in (one, two)]
    assert deliver(*told) == [200, 200]
    assert Event.objects.count() == 2


def test_another_endpoints_secret_is_refused_at_both():
    one, two, said = Sender.of("One"), Sender.of("Two"), body()
    assert deliver((one.path, two.headers(said), said)) == [401]
    assert not Event.objects.exists()
    assert Rejection.objects.get().connection == one.connection


def test_an_unknown_type_is_stored():
    sender, said = Sender.of(), body(type="video.completed")
    assert deliver((sender.path, sender.headers(said), said)) == [200]
    assert Event.objects.get().type == "video.completed"


def test_a_paused_endpoint_accepts_and_holds():
    sender, said = Sender.of(), body()
    type(sender.connection).objects.update(paused=True)
    assert deliver((sender.path, sender.headers(said), said)) == [200]
    assert Event.objects.get().marks == ["held"]


def test_an_old_event_is_marked_late():
    sender, said = Sender.of(), body(created_at=int(time.time()) - 3600)
    deliver((sender.path, sender.headers(said), said))
    assert Event.objects.get().marks == ["late"]


def test_unknown_and_disabled_endpoints_answer_alike_and_say_nothing():
    sender, said = Sender.of(), body()
    type(sender.connection).objects.update(enabled=False)

    async def scenario(door):
        unknown = await post(
            door, "/webhooks/00000000-0000-4000-8000-000000000000", sender.headers(said), said
        )
        return unknown, await post(door, sender.path, sender.headers(said), said)

    unknown, disabled = run(scenario)
    assert unknown == disabled
    assert (unknown.status, unknown.body) == (404, b"")
    assert Counter(Rejection.objects.values_list("cause", flat=True)) == {
        "unknown_endpoint": 1,
        "disabled": 1,
    }


def test_a_body_in_chunks_that_was_not_read_is_not_called_empty():
    sender, said = Sender.of(), body()
    type(sender.connection).objects.update(enabled=False)
    in_chunks = [*sender.headers(said), (b"transfer-encoding", b"chunked")]
    assert deliver((sender.path, in_chunks, [said, b""])) == [404]
    assert Rejection.objects.get().raw is None


@pytest.mark.parametrize(
    "path", ["/webhooks/a\0b", "/webhooks/../etc", "/webhooks/1", "/webhooks/", "/webhooks/no/such"]
)
def test_strange_paths_are_nobodys(path):
    assert deliver((path, [], b"")) == [404]


def test_an_endpoint_id_in_upper_case_is_another_address():
    sender = Sender.of()
    assert deliver((f"/webhooks/{str(sender.connection.endpoint).upper()}", [], b"")) == [404]


def test_every_cause_has_its_status_and_its_row():
    sender, said = Sender.of(), body()
    now = time.time()
    huge = [(b"content-length", b"1048577"), *sender.headers(b"")]
    unsigned = [(b"webhook-id", b"wh_1")]
    malformed = [(k, b"a b" if k == b"webhook-id" else v) for k, v in sender.headers(said)]
    expected = {
        "unknown_endpoint": (404, ("/webhooks/nowhere", [], said)),
        "method": (405, (sender.path, [], b"")),
        "too_large": (413, (sender.path, huge, b"")),
        "missing_header": (400, (sender.path, unsigned, said)),
        "malformed_header": (400, (sender.path, malformed, said)),
        "too_old": (401, (sender.path, sender.headers(said, at=now - 400), said)),
        "too_new": (401, (sender.path, sender.headers(said, at=now + 400), said)),
        "bad_signature": (401, (sender.path, sender.headers(said, signed=False), said)),
    }

    async def scenario(door):
        answers = {}
        for cause, (_, one) in expected.items():
            extra = {"method": "GET"} if cause == "method" else {}
            answers[cause] = await post(door, *one, **extra)
        return answers

    answers = run(scenario)
    assert {cause: answer.status for cause, answer in answers.items()} == {
        cause: status for cause, (status, _) in expected.items()
    }
    assert all(
        answer.body == b"" and answer.headers[b"content-length"] == b"0" for answer in answers.values()
    )
    assert answers["method"].headers[b"allow"] == b"POST"
    assert dict(Rejection.objects.values_list("cause", "status")) == {c: s for c, (s, _) in expected.items()}
    assert Rejection.objects.get(cause="bad_signature").raw == said
    assert re.fullmatch(
        r"It was signed 40\d s before it arrived\.", Rejection.objects.get(cause="too_old").detail
    )


def test_an_endpoint_without_a_secret_accepts_nothing():
    sender, said = Sender.of(), body()
    sender.connection.secrets.signing().delete()
    assert deliver((sender.path, sender.headers(said), said)) == [401]
    assert Rejection.objects.get().cause == "no_secret"


def test_a_body_in_pieces_is_put_together_and_capped():
    sender, said = Sender.of(), b"[1,2]"
    pieces = [said[i : i + 1] for i in range(5)]
    assert deliver((sender.path, sender.headers(said), pieces)) == [200]
    assert bytes(Event.objects.get().body) == said
    assert deliver((sender.path, sender.headers(said), [b"x" * 700_000, b"x" * 700_000])) == [413]


def test_who_hangs_up_half_way_leaves_nothing():
    sender = Sender.of()
    assert deliver((sender.path, sender.headers(b"{}"), [])) == [0]
    assert not Event.objects.exists()
    assert not Rejection.objects.exists()


def test_a_change_of_the_connection_reaches_the_door_at_once():
    sender, said = Sender.of(), body()

    async def scenario(door):
        from live.hub import hub

        first = await post(door, sender.path, sender.headers(said), said)
        await hub().connected.wait()
        await asyncio.to_thread(_disable, sender)
        for _ in range(100):
            second = await post(door, sender.path, sender.headers(said), said)
            if second.status == 404:
                break
            await asyncio.sleep(0.01)
        return first.status, second.status

    assert run(scenario) == (200, 404)


def _disable(sender) -> None:
    from django.db import connections

    from live import hub

    type(sender.connection).objects.update(enabled=False)
    hub.publish("endpoint", sender.connection.pk)
    connections.close_all()


@pytest.mark.parametrize("length", [b"99999999999", b"999999999999999"])
def test_a_claimed_length_beyond_every_column_does_not_keep_later_refusals_out(length):
    sender = Sender.of()
    told = [*sender.headers(body()), (b"content-length", length)]
    assert deliver(
        (sender.path, told, body()), (sender.path, sender.headers(body(), signed=False), body())
    ) == [413, 401]
    assert set(Rejection.objects.values_list("cause", flat=True)) == {"too_large", "bad_signature"}


def test_a_refusal_that_the_database_cannot_hold_keeps_no_other_out():
    sender = Sender.of()

    async def scenario(door):
        poisoned = [(b"x" * 20, b"y"), *sender.headers(body(), signed=False)]
        answers = [await post(door, sender.path, poisoned, body(), client=("a\0b", 1))]
        answers.append(await post(door, sender.path, sender.headers(body(), signed=False), body()))
        return [answer.status for answer in answers]

    assert run(scenario) == [401, 401]
    assert Rejection.objects.get().peer == "203.0.113.7"
