"""`manage.py run` over real HTTP: the server checks every request against OpenAI's document and accepts
all 46."""

import contextlib
import io
import json
import threading
import time

import pytest
import uvicorn
from django.core.management import call_command

from connections import connecting
from tests import openai_cases, openai_document

KEYS = [operation.key for operation in openai_cases.operations()]


@pytest.fixture(scope="module")
def document_server(free_port):
    """The validating server on loopback: its address."""
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(openai_document.application, port=port, lifespan="off", log_level="error", ws="none")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < deadline
        thread.join(0.01)
    yield f"http://127.0.0.1:{port}/v1"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def account(db, settings, tmp_path, document_server) -> str:
    """The name of a connection to the validating server."""
    settings.PRIVATE_HOSTS = ["127.0.0.1"]
    settings.FILES_ROOT = tmp_path / "files"
    entered = connecting.Entered(
        "Document", base_url=document_server, credentials={"apiKey": "sk-test-1234567890"}
    )
    connecting.connect(openai_cases.service(), entered)
    return "Document"


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "speech.wav"
    path.write_bytes(b"RIFF0000WAVE")
    return path


def words(operation, values):
    """The command's words for these values: files by path, everything else as text or JSON."""
    for name, value in values.items():
        if operation.placeholder(name).type == "File":
            yield f"--set-file={name}={value}"
        else:
            yield f"--set={name}={value if isinstance(value, str) else json.dumps(value)}"


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("kind", ["plain", "blanks", "hostile"])
def test_the_command_runs_every_operation(account, recording, key, kind):
    operation = openai_cases.service().operation(key)
    values = getattr(openai_cases, kind)(operation, recording)
    out = io.StringIO()
    with contextlib.suppress(SystemExit):
        call_command("run", account, key, *words(operation, values), stdout=out)
    said = json.loads(out.getvalue())
    assert (said["state"], said["status"], said["error"]) == ("succeeded", 200, None)
