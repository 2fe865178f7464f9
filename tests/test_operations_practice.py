"""Every operation from its form to its result in practice; and every kind of bad answer."""

import gzip
import json
import socket
import uuid
from dataclasses import replace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from connections import connecting
from definitions import catalog
from operations import execution, outcome, runs
from operations.models import Run, State
from tests import openai_cases
from tests.loopback import Loopback, answer, drip, raw, silence

CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture(autouse=True)
def home(settings, tmp_path, db):
    settings.PRIVATE_HOSTS = ["127.0.0.1"]
    settings.FILES_ROOT = tmp_path / "files"


@pytest.fixture
def practice(settings, simulator):
    settings.SIMULATOR_URL = simulator
    return connecting.practise(catalog.service("chatgpt-v1"))


@pytest.mark.parametrize("operation", openai_cases.operations(), ids=lambda one: one.key)
def test_every_operation_runs_from_its_form(operation, practice, operator_client):
    values = openai_cases.required(operation, SimpleUploadedFile("a.jsonl", b"{}\n"))
    if operation.key.startswith("audio_transcriptions"):
        values["file"] = SimpleUploadedFile("a.wav", b"RIFF....WAVE", content_type="audio/wav")
    sent = {name: json.dumps(value) if isinstance(value, list) else value for name, value in values.items()}
    sent |= {"connection": str(practice.pk), "once": str(uuid.uuid4())}
    sent |= {"confirmed": values.get(operation.names_object, operation.key)}
    response = operator_client.post(reverse("operations:operation", args=["chatgpt-v1", operation.key]), sent)
    assert response.status_code == 302, response.content.decode()
    run = runs.execute(Run.objects.get().id)
    needs_nothing = operation.name == "create" or operation.is_list  # ids of ours are not known there
    assert run.status in ({200} if needs_nothing else {200, 404}), run.error
    assert operator_client.get(response["Location"]).status_code == 200


def flood(connection: socket.socket, _: bytes) -> None:
    connection.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 314572800\r\n\r\n"
    )
    for _ in range(300):
        connection.sendall(b"x" * (1 << 20))


BOMB = gzip.compress(bytes(64 << 20))
# name: script, state and code of a POST, state of a GET that may be tried again
ANSWERS = {
    "hangs": (silence(), "unknown", "timeout", "waiting"),
    "drips": (
        drip(b"x", 0.05, first=b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"),
        "unknown",
        "timeout",
        "waiting",
    ),
    "resets": (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"), "unknown", "broken_off", "waiting"),
    "says nothing": (raw(b""), "unknown", "broken_off", "waiting"),
    "wrong length": (
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n12345"),
        "unknown",
        "broken_off",
        "waiting",
    ),
    "300 MB": (flood, "failed", "too_large", "failed"),
    "gzip bomb": (answer(BOMB, headers="Content-Encoding: gzip\r\n"), "failed", "too_large", "failed"),
    "redirect": (
        answer(b"", "302 Found", "Location: http://127.0.0.1:9/\r\n"),
        "failed",
        "http_302",
        "failed",
    ),
    "500": (answer(b"{}", "500 Internal Server Error"), "failed", "http_500", "waiting"),
    "429 in 1 s": (
        answer(b"{}", "429 Too Many Requests", "Retry-After: 1\r\n"),
        "waiting",
        "http_429",
        "waiting",
    ),
    "429 by date": (
        answer(b"{}", "429 Too Many Requests", "Retry-After: Thu, 01 Jan 2099 00:00:00 GMT\r\n"),
        "waiting",
        "http_429",
        "waiting",
    ),
    "429 in ms": (
        answer(b"{}", "429 Too Many Requests", "Retry-After-Ms: 1500\r\n"),
        "waiting",
        "http_429",
        "waiting",
    ),
    "429 until a reset": (
        answer(b"{}", "429 Too Many Requests", "X-RateLimit-Reset-Requests: 1m2s\r\n"),
        "waiting",
        "http_429",
        "waiting",
    ),
    "no quota": (
        answer(b'{"error": {"code": "insufficient_quota"}}', "429 Too Many Requests"),
        "failed",
        "insufficient_quota",
        "failed",
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_every_bad_answer_ends_in_its_state_and_is_counted(name, monkeypatch):
    script, posted, code, got = ANSWERS[name]
    server = Loopback(script)
    entered = connecting.Entered("Ours", base_url=f"{server.url}/v1", credentials={"apiKey": "sk-0123456789"})
    connection = connecting.connect(catalog.service("chatgpt-v1"), entered)
    shorten(monkeypatch)
    for key, values, state in (("chat_completions.create", CHAT, posted), ("models.list", {}, got)):
        run = runs.start(connection, key, values, wake_up=False)
        run = runs.execute(run.id)
        assert (run.state, run.error_code) == (state, code), run.error
        assert run.error.endswith((".", "?"))
    assert (
        len(server.requests) == sum(run.attempts.filter(sent=True).count() for run in Run.objects.all()) == 2
    )
    server.close()


def shorten(monkeypatch) -> None:
    """Let a call take a second and keep a megabyte."""
    prepare = execution.prepare_run

    def prepared(run, path):
        ready = prepare(run, path)
        return replace(ready, permit=replace(ready.permit, total=1.0, keep=1 << 20))

    monkeypatch.setattr(execution, "prepare_run", prepared)


def test_the_page_says_when_the_next_try_is(operator_client):
    server = Loopback(answer(b"{}", "429 Too Many Requests", "Retry-After: 77\r\n"))
    entered = connecting.Entered("Ours", base_url=f"{server.url}/v1", credentials={"apiKey": "sk-0123456789"})
    connection = connecting.connect(catalog.service("chatgpt-v1"), entered)
    run = runs.execute(runs.start(connection, "models.list", {}, wake_up=False).id)
    page = operator_client.get(run.get_absolute_url()).content.decode()
    assert "next try" in page
    assert "the service said retry-after: 77" in page
    assert 76 <= (run.next_try_at - timezone.now()).total_seconds() <= 77
    assert run.state == State.WAITING
    assert outcome.UNSURE not in run.error
    server.close()
