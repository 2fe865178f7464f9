"""The state machine of runs: claimed once, marked before the first byte, finished once, whatever breaks."""

import base64
import json
import threading
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from connections import connecting
from connections.models import Connection
from definitions import catalog
from operations import execution, runs, wake
from operations.build import InputErrors
from operations.models import Answer, Attempt, Run, State, StoredFile
from tests.loopback import Loopback, answer, drip, raw, silence

KEY = "sk-canary-0123456789abcdef"
CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
SAID = json.dumps(
    {"id": "chatcmpl-1", "choices": [{"message": {"content": "Hello there"}, "finish_reason": "stop"}]}
).encode()


@pytest.fixture(autouse=True)
def home(settings, tmp_path):
    settings.PRIVATE_HOSTS = ["127.0.0.1"]
    settings.FILES_ROOT = tmp_path / "files"


@pytest.fixture
def connected(db):
    """Return a maker of connections to a loopback server."""

    def connect(server: Loopback, name: str = "Ours") -> Connection:
        entered = connecting.Entered(name, base_url=f"{server.url}/v1", credentials={"apiKey": KEY})
        return connecting.connect(catalog.service("chatgpt-v1"), entered)

    return connect


def ran(connection: Connection, key: str = "chat_completions.create", values=None, **about) -> Run:
    run = runs.start(connection, key, CHAT if values is None else values, wake_up=False, **about)
    return runs.execute(run.id)


def test_it_runs_and_keeps_everything(connected, serve, operator):
    server = serve(answer(SAID))
    run = ran(connected(server), person=operator)
    assert (run.state, run.status, run.error) == (State.SUCCEEDED, 200, "")
    assert run.fields["content"] == "Hello there"
    assert "usage" not in json.dumps(run.fields)
    assert run.summary == "Hello there"
    assert run.object_id == "chatcmpl-1"
    assert run.duration > timedelta(0)
    assert run.definition_version == catalog.service("chatgpt-v1").version
    attempt = run.attempts.get()
    assert (attempt.number, attempt.reason, attempt.status, attempt.sent) == (1, "initial", 200, True)
    assert attempt.sent_at < attempt.finished_at
    assert bytes(run.answer.body) == SAID
    assert b"POST /v1/chat/completions" in server.requests[0]
    assert f"Bearer {KEY}".encode() in server.requests[0]


def test_no_credential_stands_in_any_row(connected, serve):
    echo = json.dumps({"id": KEY, "choices": [{"message": {"content": f"your key is {KEY}"}}]}).encode()
    run = ran(connected(serve(answer(echo, headers=f"Content-Type: application/json\r\nX-Echo: {KEY}\r\n"))))
    rows = [*Run.objects.values(), *Attempt.objects.values(), *Answer.objects.values()]
    assert KEY not in str(rows)
    assert run.fields["content"].startswith("your key is ***")


def test_an_error_answer_is_a_sentence_with_what_to_do(connected, serve):
    body = b'{"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}}'
    run = ran(connected(serve(answer(body, "401 Unauthorized"))))
    assert (run.state, run.error_code, run.status) == (State.FAILED, "invalid_api_key", 401)
    assert "Incorrect API key provided. The key was refused: enter it again" in run.error
    assert json.loads(bytes(run.answer.body))["error"]["code"] == "invalid_api_key"


def test_a_post_whose_answer_breaks_off_ends_as_unknown(connected, serve):
    server = serve(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"))
    run = ran(connected(server))
    assert (run.state, run.error_code, run.attempts.get().sent) == (State.UNKNOWN, "broken_off", True)
    assert "may have been done all the same" in run.error
    assert server.accepts == 1


def test_a_get_whose_answer_breaks_off_is_tried_again(connected, serve):
    server = serve(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"))
    run = ran(connected(server), "models.list", {})
    assert (run.state, run.attempt_count) == (State.WAITING, 1)
    for _ in range(2):
        Run.objects.update(next_try_at=timezone.now())
        run = runs.execute(run.id)
    assert (run.state, run.attempt_count, server.accepts) == (State.FAILED, 3, 3)
    assert [a.reason for a in run.attempts.all()] == ["initial", "automatic", "automatic"]


def test_what_was_not_sent_is_tried_again_even_as_a_post(connected, free_port):
    class Nobody:
        url = f"http://127.0.0.1:{free_port()}"

    run = ran(connected(Nobody))
    assert (run.state, run.attempts.get().sent) == (State.WAITING, False)


def test_nothing_happens_before_it_is_due(connected, serve):
    server = serve(answer(SAID))
    run = runs.start(connected(server), "models.list", {}, wake_up=False)
    Run.objects.update(next_try_at=timezone.now() + timedelta(hours=1))
    assert runs.execute(run.id) is None
    assert server.accepts == 0


def test_two_workers_claim_a_run_once(connected, serve):
    run = runs.start(connected(serve(answer(SAID))), "models.list", {}, wake_up=False)
    assert execution.claim(run.id) is not None
    assert execution.claim(run.id) is None
    assert runs.execute(run.id) is None


def test_a_worker_that_lost_its_lease_sends_and_writes_nothing(connected, serve):
    server = serve(answer(SAID))
    run = runs.start(connected(server), "models.list", {}, wake_up=False)
    claimed = execution.claim(run.id)
    attempt = Attempt.objects.create(run=run, number=1, reason="initial", started_at=timezone.now())
    Run.objects.update(lease=uuid.uuid4())
    assert execution.tried(claimed, attempt) is None
    assert server.requests == []


def test_a_run_whose_worker_died_before_sending_is_queued_again(connected, serve):
    run = runs.start(connected(serve(answer(SAID))), "chat_completions.create", CHAT, wake_up=False)
    execution.claim(run.id)
    Run.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert runs.reap() == 1
    run.refresh_from_db()
    assert run.state == State.QUEUED
    assert runs.execute(run.id).state == State.SUCCEEDED


def test_a_run_whose_worker_died_while_sending_is_unknown_and_never_sent_again(connected, serve):
    server = serve(answer(SAID))
    run = runs.start(connected(server), "chat_completions.create", CHAT, wake_up=False)
    execution.claim(run.id)
    Run.objects.update(state=State.SENDING, lease_until=timezone.now() - timedelta(seconds=1))
    assert runs.reap() == 1
    run.refresh_from_db()
    assert (run.state, run.error_code) == (State.UNKNOWN, "worker_lost")
    assert runs.execute(run.id) is None
    assert (runs.reap(), server.accepts) == (0, 0)


def test_a_lease_of_a_clock_that_was_ahead_holds_nobody_up(connected, serve):
    run = runs.start(connected(serve(answer(SAID))), "chat_completions.create", CHAT, wake_up=False)
    execution.claim(run.id)
    Run.objects.update(lease_until=timezone.now() + timedelta(minutes=20))  # no lease is that long
    assert runs.reap() == 1
    assert runs.execute(run.id).state == State.SUCCEEDED


def test_the_reaper_leaves_the_living_alone(connected, serve):
    run = runs.start(connected(serve(answer(SAID))), "models.list", {}, wake_up=False)
    execution.claim(run.id)
    assert runs.reap() == 0


def test_a_result_that_comes_after_the_reaper_changes_nothing(connected, serve, monkeypatch):
    run = runs.start(connected(serve(answer(SAID))), "chat_completions.create", CHAT, wake_up=False)

    def reaped(claimed, attempt, outcome):
        Run.objects.update(state=State.UNKNOWN, lease=None)
        return finish(claimed, attempt, outcome)

    finish = execution.answers.finish
    monkeypatch.setattr(execution.answers, "finish", reaped)
    assert runs.execute(run.id).state == State.UNKNOWN


def test_wrong_inputs_make_no_run(connected, serve):
    connection = connected(serve(answer(SAID)))
    for values, name in (
        ({"model": "m"}, "messages"),
        ({**CHAT, "temperature": "hot"}, "temperature"),
        ({**CHAT, "x": 1}, "x"),
    ):
        with pytest.raises(InputErrors) as caught:
            runs.start(connection, "chat_completions.create", values)
        assert set(caught.value.errors) == {name}
    for text in ("a\0b", "\ud800"):
        with pytest.raises(InputErrors):
            runs.start(connection, "responses.create", {"model": "m", "input": text})
    with pytest.raises(catalog.UnknownOperation):
        runs.start(connection, "nothing.create", {})
    assert not Run.objects.exists()


def test_the_same_form_posted_twice_is_one_run(connected, serve):
    connection, once = connected(serve(answer(SAID))), uuid.uuid4()
    first, second = (runs.start(connection, "models.list", {}, once=once, wake_up=False) for _ in range(2))
    assert first.id == second.id


def test_a_connection_that_is_off_or_gone_sends_nothing(connected, serve):
    server = serve(answer(SAID))
    connection = connected(server)
    Connection.objects.update(enabled=False)
    run = ran(connection, "models.list", {})
    assert (run.state, run.error_code) == (State.FAILED, "connection_disabled")
    Connection.objects.update(enabled=True)
    waiting = runs.start(connection, "models.list", {}, wake_up=False)
    connecting.delete(connection)
    assert runs.execute(waiting.id).error_code == "connection_gone"
    assert server.accepts == 0


def test_cancelling_ends_what_waits_and_stops_what_is_about_to_go(connected, serve, operator):
    server = serve(answer(SAID))
    run = runs.start(connected(server), "models.list", {}, wake_up=False)
    assert runs.cancel(run, operator)
    run.refresh_from_db()
    assert run.state == State.CANCELLED
    assert not runs.cancel(run, operator)
    other = runs.start(connected(server, "Other"), "models.list", {}, wake_up=False)
    claimed = execution.claim(other.id)
    assert runs.cancel(other, operator)
    attempt = Attempt.objects.create(run=other, number=1, reason="initial", started_at=timezone.now())
    assert execution.tried(claimed, attempt) is None
    assert server.requests == []


def test_a_run_under_way_hears_that_it_is_cancelled(connected, serve, monkeypatch):
    monkeypatch.setattr(execution, "BEAT", 0.02)
    mark = execution.Hold.mark_sending
    monkeypatch.setattr(
        execution.Hold, "mark_sending", lambda hold: (mark(hold), Run.objects.update(cancel_asked=True))
    )
    run = ran(connected(serve(silence())))
    assert (run.state, run.error_code, run.attempts.get().sent) == (State.CANCELLED, "cancelled_late", True)
    assert "after the request had gone out" in run.error


def test_a_long_call_keeps_its_lease(connected, serve, monkeypatch):
    monkeypatch.setattr(execution, "BEAT", 0.02)
    monkeypatch.setattr(execution, "LEASE", timedelta(seconds=0.05))
    slow = drip(b"x", 0.05, first=b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n", most=6)
    assert ran(connected(serve(slow))).state == State.SUCCEEDED


def test_a_list_is_kept_item_by_item(connected, serve):
    models = json.dumps({"object": "list", "data": [{"id": "a", "owned_by": "x"}, {"id": "b"}]}).encode()
    run = ran(connected(serve(answer(models))), "models.list", {})
    assert [item["id"] for item in run.items] == ["a", "b"]
    assert (run.fields, run.summary) == ({}, "2 items")


def test_bytes_become_a_file_under_our_own_name(connected, serve):
    headers = 'Content-Type: audio/mpeg\r\nContent-Disposition: attachment; filename="../../x"\r\n'
    run = ran(
        connected(serve(answer(b"ID3\x00", headers=headers))),
        "audio_speech.create",
        {"model": "m", "input": "hi", "voice": "alloy"},
    )
    file = StoredFile.objects.get(run=run)
    assert run.state == State.SUCCEEDED
    assert file.filename.startswith("audio_speech-")
    assert file.filename.endswith(".mp3")
    assert file.full_path.read_bytes() == b"ID3\x00"
    assert run.answer.file == file


def test_pictures_in_an_answer_are_files_and_no_megabytes_stand_in_the_row(connected, serve):
    picture = b"\x89PNG\r\n\x1a\n" + bytes(100_000)
    body = json.dumps({"created": 1, "data": [{"b64_json": base64.b64encode(picture).decode()}]}).encode()
    run = ran(connected(serve(answer(body))), "images.create", {"model": "m", "prompt": "a cat"})
    part = StoredFile.objects.get(run=run, kind="part")
    assert (part.content_type, part.full_path.read_bytes()) == ("image/png", picture)
    assert len(json.dumps(run.fields)) < 1000
    assert len(run.answer.body) == 64 << 10


@pytest.mark.parametrize("text", ["\\u0000", "\\ud800", "1e400", "1" * 500])
def test_what_the_database_cannot_hold_is_kept_in_the_bytes(text, connected, serve):
    value = text if text[0] == "1" else f'"{text}"'
    body = f'{{"id": {value}, "choices": [{{"message": {{"content": {value}}}}}]}}'.encode()
    run = ran(connected(serve(answer(body))))
    assert run.state == State.SUCCEEDED
    assert bytes(run.answer.body) == body


def test_an_empty_answer_is_success(connected, serve):
    run = ran(connected(serve(answer(b""))), "responses.delete", {"response_id": "resp_1"})
    assert (run.state, run.fields) == (State.SUCCEEDED, {})


def test_starting_never_waits_for_the_broker(
    connected, serve, settings, django_capture_on_commit_callbacks, monkeypatch
):
    started = threading.Event()
    waited = []
    monkeypatch.setattr(wake.current_app, "send_task", lambda *_, **__: waited.append(started.wait(20)))
    connection = connected(serve(answer(SAID)))
    with django_capture_on_commit_callbacks(execute=True):
        runs.start(connection, "models.list", {})
    assert not waited  # the broker has not answered, and will not before this line
    started.set()
