"""`manage.py run`: what scripts see of a run."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from connections import connecting
from definitions import catalog
from operations.management.commands import run as run_command
from operations.models import Run
from tests.loopback import Loopback, answer

KEY = "sk-canary-0123456789abcdef"


@pytest.fixture
def server():
    running = Loopback(answer(b'{"data": [{"id": "gpt-x"}]}'))
    yield running
    running.close()


@pytest.fixture(autouse=True)
def connection(db, settings, tmp_path, server):
    settings.PRIVATE_HOSTS = ["127.0.0.1"]
    settings.FILES_ROOT = tmp_path / "files"
    entered = connecting.Entered("Ours", base_url=f"{server.url}/v1", credentials={"apiKey": KEY})
    return connecting.connect(catalog.service("chatgpt-v1"), entered)


def command(*words: str) -> dict:
    out = io.StringIO()
    call_command("run", *words, stdout=out)
    return json.loads(out.getvalue())


def failing(*words: str) -> CommandError:
    with pytest.raises(CommandError) as caught:
        call_command("run", *words)
    assert caught.value.returncode == 2
    return caught.value


def test_it_runs_and_prints_one_object():
    said = command("Ours", "models.list")
    assert set(said) == {"id", "state", "status", "fields", "items", "error", "file"}
    assert (said["state"], said["status"], said["items"][0]["id"], said["error"]) == (
        "succeeded",
        200,
        "gpt-x",
        None,
    )
    assert Run.objects.get().ref == said["id"]
    assert Run.objects.get().origin == "command"


def test_a_dry_run_masks_the_key_and_sends_nothing(server):
    said = command(
        "Ours",
        "chat_completions.create",
        "--set",
        "model=m",
        "--set",
        'messages=[{"role":"user","content":"hi"}]',
        "--dry-run",
    )
    assert set(said) == {"method", "url", "headers", "body", "files"}
    assert said["body"]["messages"][0]["content"] == "hi"
    assert KEY not in json.dumps(said)
    assert (server.accepts, Run.objects.count()) == (0, 0)


def test_bad_input_names_the_field_and_exits_2():
    assert "messages: " in str(failing("Ours", "chat_completions.create", "--set", "model=m"))
    assert "nonsense" in str(failing("Ours", "models.list", "--set", "nonsense=1"))
    assert "Ours" in str(failing("Theirs", "models.list"))
    assert "no operation" in str(failing("Ours", "models.explode"))
    assert "name=value" in str(failing("Ours", "models.list", "--set", "nonsense"))
    assert "file: " in str(
        failing("Ours", "files.create", "--set", "purpose=batch", "--set-file", "file=/nowhere/x.jsonl")
    )


def test_it_waits_for_the_next_try_itself(server, monkeypatch):
    waits = []
    script, server.script = server.script, answer(b"{}", "429 Too Many Requests", "Retry-After-Ms: 1\r\n")
    monkeypatch.setattr(
        run_command.time, "sleep", lambda seconds: (waits.append(seconds), due(server, script))
    )
    assert command("Ours", "models.list")["state"] == "succeeded"
    assert len(waits) == 1


def due(server, script) -> None:
    server.script = script
    Run.objects.update(next_try_at=None)


def test_a_failed_run_exits_1(server, capsys):
    server.script = answer(b'{"error": {"message": "No", "code": "nope"}}', "400 Bad Request")
    with pytest.raises(SystemExit) as caught:
        command("Ours", "models.read", "--set", "model_id=x")
    assert caught.value.code == 1


def test_a_file_is_sent_and_bytes_are_stored(server, tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_text('{"a": 1}\n')
    command("Ours", "files.create", "--set", "purpose=batch", "--set-file", f"file={path}")
    assert b'filename="in.jsonl"' in server.requests[0]
    server.script = answer(b"ID3\x00", headers="Content-Type: audio/mpeg\r\n")
    said = command(
        "Ours", "audio_speech.create", "--set", "model=m", "--set", "input=hi", "--set", "voice=alloy"
    )
    assert Path(said["file"]).read_bytes() == b"ID3\x00"


def test_a_text_can_come_from_a_file(server, tmp_path):
    path = tmp_path / "prompt.txt"
    path.write_text("a long prompt")
    command("Ours", "responses.create", "--set", "model=m", "--set-file", f"input={path}")
    assert b'"input":"a long prompt"' in server.requests[0]


def test_a_broken_letter_is_bad_input():
    assert "input: " in str(failing("Ours", "responses.create", "--set", "model=m", "--set", "input=\udc80"))
