"""Every operation is what OpenAI's document takes: plain, with blank optionals, and with hostile text."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from operations import build
from tests import openai_cases, openai_document

CREDENTIALS = {"apiKey": "sk-test-1234567890"}
KEYS = [operation.key for operation in openai_cases.operations()]


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "speech.wav"
    path.write_bytes(b"RIFF0000WAVE")
    return build.FileRef(str(path), "speech.wav", "audio/wav", 12)


def ask(operation, values):
    """Send a request to the validating server as the product does, and return status and answer."""
    made = build.request(
        openai_cases.service(), operation, values, CREDENTIALS, base_url="http://openai.test/v1"
    )

    async def send():
        transport = httpx.ASGITransport(app=openai_document.application)
        async with httpx.AsyncClient(transport=transport) as client:
            return await client.request(made.method, made.url, headers=list(made.headers), **content(made))

    answer = asyncio.run(send())
    return answer.status_code, answer.json()


def content(made):
    if made.body is not None:
        return {"content": made.body}
    if not made.files and not made.form:
        return {}
    files = [
        (p.name, (p.file.filename, Path(p.file.path).read_bytes(), p.file.content_type)) for p in made.files
    ]
    return {"data": dict(made.form), "files": files}


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("kind", ["plain", "blanks", "hostile"])
def test_the_document_accepts_every_operation(key, kind, recording):
    operation = openai_cases.service().operation(key)
    values = getattr(openai_cases, kind)(operation, recording)
    assert ask(operation, values) == (200, {"operation": key})


def test_there_are_46_operations_to_accept():
    assert len(KEYS) == 46
    assert set(openai_document.facts()) == set(KEYS)


def test_hostile_text_arrives_as_it_was_typed():
    operation = openai_cases.service().operation("responses.create")
    values = openai_cases.hostile(operation)
    made = build.request(openai_cases.service(), operation, values, CREDENTIALS)
    said = json.loads(made.body)
    assert said["input"] == openai_cases.HOSTILE
    assert "evil" not in said


@pytest.mark.parametrize(
    ("method", "target", "headers", "body", "refusal"),
    [
        ("GET", "/v1/models", {"authorization": "sk-1"}, b"", "401"),
        ("DELETE", "/v1/batches/batch_1/cancel", {}, b"", "405"),
        ("GET", "/v1/files?purpose=", {}, b"", "400 blank parameter purpose"),
        ("GET", "/v1/files/", {}, b"", "404"),
        ("GET", "/v1/files/..", {}, b"", "404"),
        ("GET", "/v1/assistants", {}, b"", "400 invalid_beta"),
        ("GET", "/v1/batches?limit=many", {}, b"", "400 limit"),
        (
            "POST",
            "/v1/responses",
            {"content-type": "application/json"},
            b'{"model": "a", "n": }',
            "400 invalid_json",
        ),
        ("POST", "/v1/responses", {"content-type": "application/json"}, b'{"n": NaN}', "400 invalid_json"),
        (
            "POST",
            "/v1/responses",
            {"content-type": "application/json"},
            b'{"model": "a", "evil": 1}',
            "400 unknown",
        ),
        ("POST", "/v1/audio/transcriptions", {"content-type": "application/json"}, b"{}", "415"),
        ("POST", "/v1/files", {"content-type": "multipart/form-data"}, b"x", "400 no boundary"),
        (
            "POST",
            "/v1/images/generations",
            {"content-type": "application/json"},
            b'{"prompt": "a", "n": "2"}',
            "400 n",
        ),
    ],
)
def test_the_validating_server_refuses_what_the_document_does_not_say(method, target, headers, body, refusal):
    key = {"authorization": "Bearer sk-1"}
    with pytest.raises(openai_document.Refused, match=refusal):
        openai_document.check(method, target, key | headers, body)


def test_the_extract_is_what_the_whole_document_says():
    """Where the document is not at hand this still holds the extract to the shape that the server needs."""
    facts = openai_document.facts()
    if openai_document.DOCUMENT.exists():
        document = json.loads(openai_document.DOCUMENT.read_text("utf-8"))
        assert openai_document.extract(document, openai_cases.wanted()) == facts
    for operation in openai_cases.operations():
        fact = facts[operation.key]
        assert fact["method"] == operation.method
        assert fact["kind"] == operation.content_type
        assert set(fact["body"]) == {p.name for p in operation.placeholders if p.place == "body"}
