"""Practice plays the loaded services: it checks what is asked, remembers what was made, posts webhooks."""

import asyncio
import base64
import json
from pathlib import Path

import httpx
import pytest
import standardwebhooks

from definitions import catalog, selectors, simulator, streams
from definitions.simulator import http
from operations import build
from tests import openai_cases

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
ENDPOINT = "http://switchboard.test/webhooks/1"


class Practice:
    """A practice service with an endpoint that keeps what is posted to it."""

    def __init__(self):
        self.posted = []
        endpoint = httpx.AsyncClient(transport=httpx.MockTransport(self._keep))
        self.app = simulator.application(["chatgpt-v1"], client=endpoint, delay=0)

    def _keep(self, request):
        self.posted.append(request)
        return httpx.Response(200, text="ok")

    def ask(self, method, path, *, key="sk-practice", headers=(), **content):
        """Send one request, let what it sets off happen, and return the answer."""

        async def send():
            transport = httpx.ASGITransport(app=self.app)
            sent = {"authorization": f"Bearer {key}", "openai-beta": "assistants=v2", **dict(headers)}
            async with httpx.AsyncClient(transport=transport, base_url="http://practice") as client:
                answer = await client.request(method, path, headers=sent, **content)
            await asyncio.gather(*self.app.tasks)
            return answer

        return asyncio.run(send())

    def run(self, key, values, credential="sk-practice"):
        """Run an operation as the product builds it."""
        service = catalog.service("chatgpt-v1")
        made = build.request(service, service.operation(key), values, {"apiKey": credential}, base_url="")
        path = made.url.removeprefix("https://api.openai.com/v1")
        files = [(p.name, (p.file.filename, b"RIFF-sound", p.file.content_type)) for p in made.files]
        content = {"content": made.body} if made.body is not None else {}
        if files:
            content = {"files": files, "data": dict(made.form)}
        return self.ask(made.method, path, key=credential, headers=made.headers, **content)

    def order(self, name, **order):
        return self.ask("POST", f"/__simulator__/{name}", headers=[("x-practice-control", "1")], json=order)


@pytest.fixture
def practice():
    return Practice()


@pytest.fixture
def file():
    return build.FileRef("/tmp/talk.wav", "talk.wav", "audio/wav", 10)


@pytest.mark.parametrize("key", [operation.key for operation in openai_cases.operations()])
def test_every_operation_is_answered_with_all_its_fields(practice, file, key):
    operation = catalog.operation("chatgpt-v1", key)
    answer = practice.run(key, openai_cases.required(operation, file))
    assert answer.status_code == 200
    assert "practice" in answer.headers["x-practice"]
    if operation.response_kind == "binary":
        assert len(answer.content) > 40
    elif operation.is_list:
        assert all(row.missing == () for row in selectors.rows(operation, answer.json()))
    elif operation.effect == "deletes":
        assert answer.json()["deleted"] is True
    else:
        assert selectors.picked(operation.fields, answer.json()).missing == ()


def test_what_is_made_can_be_read_listed_changed_and_deleted(practice):
    made = practice.run("vector_stores.create", {"name": "Ünï"}).json()
    assert made["name"] == "Ünï"
    store = {"vector_store_id": made["id"]}
    assert practice.run("vector_stores.read", store).json() == made
    assert practice.run("vector_stores.update", store | {"name": "New"}).json()["name"] == "New"
    assert practice.run("vector_stores.list", {}).json()["data"][0]["name"] == "New"
    assert practice.run("vector_stores.delete", store).json() == {
        "id": made["id"],
        "object": "vector_store",
        "deleted": True,
    }
    assert practice.run("vector_stores.read", store).status_code == 404


def test_lists_go_on_page_by_page_until_the_end(practice):
    operation = catalog.operation("chatgpt-v1", "batches.list")
    seen, more = [], {}
    while more is not None:
        page = practice.run("batches.list", {"limit": 2} | more).json()
        assert len(page["data"]) <= 2
        seen += [batch["id"] for batch in page["data"]]
        more = selectors.next_values(operation, page)
    assert len(seen) == len(set(seen)) == 3


def test_an_uploaded_file_comes_back_as_it_went_in(practice, file):
    made = practice.run("files.create", {"purpose": "batch", "file": file}).json()
    assert made["filename"] == "talk.wav"
    assert practice.run("files.content", {"file_id": made["id"]}).content == b"RIFF-sound"


def test_speech_is_sound_and_images_are_pictures(practice):
    speech = practice.run("audio_speech.create", {"model": "m", "input": "x", "voice": "alloy"})
    assert (speech.headers["content-type"], speech.content[:4]) == ("audio/wav", b"RIFF")
    images = practice.run("images.create", {"model": "m", "prompt": "cat", "n": 2}).json()["data"]
    assert [base64.b64decode(image["b64_json"])[:4] for image in images] == [b"\x89PNG"] * 2


def test_several_texts_give_several_vectors(practice):
    data = practice.run("embeddings.create", {"model": "m", "input": ["a", "b", "c"]}).json()["data"]
    assert [item["index"] for item in data] == [0, 1, 2]


def test_subtitles_are_plain_text(practice, file):
    answer = practice.run(
        "audio_transcriptions.create", {"model": "m", "file": file, "response_format": "srt"}
    )
    assert answer.headers["content-type"].startswith("text/plain")
    assert "00:00:00,000 --> " in answer.text


def test_cancelling_marks_and_keeps(practice):
    batch = practice.run(
        "batches.create", openai_cases.required(catalog.operation("chatgpt-v1", "batches.create"))
    ).json()
    practice.run("batches.delete", {"batch_id": batch["id"]})
    assert practice.run("batches.read", {"batch_id": batch["id"]}).json()["status"] == "cancelled"


@pytest.mark.parametrize(
    ("method", "path", "more", "status", "word"),
    [
        ("GET", "/models", {"key": ""}, 401, "No key came"),
        ("GET", "/models", {"key": "sk-invalid"}, 401, "invalid"),
        ("GET", "/models", {"key": "sk-quota"}, 429, "quota"),
        ("GET", "/models/practice-error-503", {}, 503, "Too much to do"),
        ("GET", "/models/missing-1", {}, 404, "nothing like 'missing-1'"),
        ("GET", "/nope", {}, 404, "No operation"),
        ("PUT", "/models", {}, 405, "takes GET, not PUT"),
        (
            "POST",
            "/responses",
            {"content": b"{}", "headers": [("content-type", "text/plain")]},
            415,
            "application/json",
        ),
        (
            "POST",
            "/responses",
            {"content": b"{", "headers": [("content-type", "application/json")]},
            400,
            "is required",
        ),
        ("POST", "/responses", {"json": {"model": "m"}}, 400, "'input' is required"),
        ("POST", "/responses", {"json": {"model": "m", "input": "practice-error-429"}}, 429, "Too many"),
        (
            "POST",
            "/audio/speech",
            {"json": {"model": "m", "input": "x", "voice": "bob"}},
            400,
            "must be one of",
        ),
        ("GET", "/assistants", {"headers": [("openai-beta", "")]}, 400, "OpenAI-Beta is missing"),
    ],
)
def test_what_the_service_would_refuse_is_refused_in_its_own_shape(
    practice, method, path, more, status, word
):
    answer = practice.ask(method, path, **more)
    assert answer.status_code == status
    message = answer.json()["error"]["message"]
    assert message.startswith("Practice: ")
    assert word in message


def test_it_says_at_its_door_that_it_is_practice(practice):
    assert "not the real one" in practice.ask("GET", "/").json()["practice"]


def test_it_answers_below_the_handle_of_a_service_too(practice):
    assert practice.ask("GET", "/chatgpt-v1/models").status_code == 200
    assert practice.ask("GET", "/v1/models").status_code == 200


def test_an_ordered_event_is_signed_and_thin_and_its_object_can_be_read(practice):
    order = {"service": "chatgpt-v1", "type": "batch.completed", "url": ENDPOINT, "secret": SECRET}
    said = practice.order("events", **order).json()
    (posted,) = practice.posted
    event = json.loads(posted.content)
    assert standardwebhooks.Webhook(SECRET).verify(posted.content, dict(posted.headers)) == event
    assert set(event) == {"id", "object", "type", "created_at", "data"}
    assert event["data"] == {"id": said["object_id"]}
    assert said["status"] == 200
    assert said["delivery_id"] == posted.headers["webhook-id"] != event["id"]
    batch = practice.run("batches.read", {"batch_id": said["object_id"]}).json()
    payload = catalog.event("chatgpt-v1", "batch.completed").payload
    assert selectors.picked(payload, batch).missing == ()


@pytest.mark.parametrize("mode", ["unsigned", "tampered", "wrong_secret", "stale"])
def test_an_event_can_be_mis_signed_on_purpose(practice, mode):
    order = {"service": "chatgpt-v1", "type": "batch.failed", "url": ENDPOINT, "secret": SECRET, "mode": mode}
    practice.order("events", **order)
    (posted,) = practice.posted
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(SECRET).verify(posted.content, dict(posted.headers))


@pytest.mark.parametrize(
    ("key", "values", "type"),
    [
        ("batches.create", {}, "batch.completed"),
        ("batches.delete", {}, "batch.cancelled"),
        ("fine_tuning_jobs.create", {}, "fine_tuning.job.succeeded"),
        ("responses.create", {"background": True}, "response.completed"),
        ("responses.create", {}, None),
        ("batches.read", {}, None),
        ("files.delete", {}, None),
    ],
)
def test_a_registered_endpoint_hears_of_what_is_done(practice, key, values, type):
    practice.order("endpoints", service="chatgpt-v1", url=ENDPOINT, secret=SECRET)
    answer = practice.run(key, openai_cases.required(catalog.operation("chatgpt-v1", key)) | values)
    heard = [json.loads(posted.content) for posted in practice.posted]
    assert [event["type"] for event in heard] == ([type] if type else [])
    assert all(event["data"]["id"] == answer.json()["id"] for event in heard)


def test_an_endpoint_is_forgotten_when_no_secret_comes(practice):
    practice.order("endpoints", service="chatgpt-v1", url=ENDPOINT, secret=SECRET)
    assert practice.order("endpoints", service="chatgpt-v1", url=ENDPOINT).json() == {"endpoints": []}


@pytest.mark.parametrize("key", ["chat_completions.create", "responses.create"])
def test_words_come_one_by_one_when_a_stream_is_asked_for(practice, key, monkeypatch):
    monkeypatch.setattr(http, "PAUSE", 0)
    operation = catalog.operation("chatgpt-v1", key)
    answer = practice.run(key, openai_cases.required(operation) | {"stream": True})
    assert answer.headers["content-type"] == "text/event-stream"
    events = streams.Events().feed(answer.content)
    assert len([event for event in events if streams.words(operation.stream, event)]) > 10
    found = selectors.picked(operation.fields, streams.whole(operation.stream, events))
    assert found.missing == ()
    assert "practice answer" in (found.resolved.get("content") or found.resolved.get("output_text"))


def test_a_slow_answer_is_slow_on_demand(practice, monkeypatch):
    waited = []

    async def wait(seconds):
        waited.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", wait)
    assert (
        practice.ask("POST", "/responses", json={"model": "m", "input": "practice-slow-20"}).status_code
        == 200
    )
    assert waited == [20]


def test_definitions_that_come_later_are_played_too(settings, monkeypatch):
    monkeypatch.setattr(catalog, "LOOK_AGAIN", 0)
    app = simulator.application()
    assert list(app.services) == ["chatgpt-v1"]
    settings.DEFINITIONS = [str(Path(__file__).parent.parent / "docs" / "examples")]
    app.look_again()
    assert sorted(app.services) == ["chatgpt-v1", "forge-v1"]


def test_an_endpoint_that_does_not_answer_is_said(practice):
    def refuse(request):
        raise httpx.ConnectError("refused")

    practice.app.client = httpx.AsyncClient(transport=httpx.MockTransport(refuse))
    order = {"service": "chatgpt-v1", "type": "batch.failed", "url": ENDPOINT, "secret": SECRET}
    assert practice.order("events", **order).json()["error"] == "The endpoint did not answer: refused."


@pytest.mark.parametrize(
    ("name", "headers", "content", "status"),
    [
        ("events", [], {"json": {}}, 403),
        ("events", [("x-practice-control", "1")], {"json": {"service": "chatgpt-v1"}}, 400),
        ("events", [("x-practice-control", "1")], {"content": b"{"}, 400),
        ("nope", [("x-practice-control", "1")], {"json": {}}, 404),
    ],
)
def test_orders_that_cannot_be_followed_are_refused(practice, name, headers, content, status):
    assert practice.ask("POST", f"/__simulator__/{name}", headers=headers, **content).status_code == status
    assert practice.posted == []


def test_an_unknown_mode_is_refused(practice):
    order = {"service": "chatgpt-v1", "type": "batch.failed", "url": ENDPOINT, "secret": SECRET, "mode": "x"}
    assert practice.order("events", **order).status_code == 400
