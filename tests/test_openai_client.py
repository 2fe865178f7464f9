"""What we send is what the official client sends: method, path, headers, query and body."""

import email.parser
import email.policy
import json
import warnings
from urllib.parse import parse_qsl, urlsplit

import httpx2
import openai
import pytest

from operations import build
from tests import openai_cases

KEY = "sk-test-1234567890"
MESSAGES = [{"role": "user", "content": 'a "quoted" line\n{{model}}'}]
COMPARED = ("authorization", "accept", "openai-beta", "openai-organization", "openai-project")
THEIRS_ALONE = {"embeddings.create": {"encoding_format"}}

# operation -> (values for us, the client's resource, its method, its arguments where they differ from ours)
CALLS = {
    "chat_completions.create": ({"model": "m", "messages": MESSAGES}, "chat.completions", "create", None),
    "responses.create": ({"model": "m", "input": 'say "hi"\n'}, "responses", "create", None),
    "responses.read": ({"response_id": "resp_1"}, "responses", "retrieve", None),
    "responses.delete": ({"response_id": "resp_1"}, "responses", "delete", None),
    "embeddings.create": ({"model": "m", "input": ["a", "b"], "dimensions": 8}, "embeddings", "create", None),
    "images.create": (
        {"model": "m", "prompt": "a cat", "n": "2", "size": "1024x1024"},
        "images",
        "generate",
        {"n": 2},
    ),
    "audio_transcriptions.create": ({"model": "m", "language": "en"}, "audio.transcriptions", "create", None),
    "audio_speech.create": (
        {"model": "m", "input": "x", "voice": "alloy", "response_format": "wav"},
        "audio.speech",
        "create",
        None,
    ),
    "models.list": ({}, "models", "list", None),
    "models.read": (
        {"model_id": "ft:gpt-4o-mini:acme::x"},
        "models",
        "retrieve",
        {"model": "ft:gpt-4o-mini:acme::x"},
    ),
    "models.delete": ({"model_id": "a b/c?d"}, "models", "delete", {"model": "a b/c?d"}),
    "moderations.create": ({"input": "x", "model": ""}, "moderations", "create", {"model": openai.omit}),
    "files.list": ({"purpose": "fine-tune", "limit": "7", "after": "file-1"}, "files", "list", {"limit": 7}),
    "files.read": ({"file_id": "file-1"}, "files", "retrieve", None),
    "files.delete": ({"file_id": "file-1"}, "files", "delete", None),
    "files.create": ({"purpose": "batch"}, "files", "create", None),
    "files.content": ({"file_id": "file-1"}, "files", "content", None),
    "fine_tuning_jobs.list": ({"after": "ftjob-1"}, "fine_tuning.jobs", "list", {"limit": 20}),
    "fine_tuning_jobs.read": ({"fine_tuning_job_id": "ftjob-1"}, "fine_tuning.jobs", "retrieve", None),
    "fine_tuning_jobs.create": (
        {"model": "m", "training_file": "file-1"},
        "fine_tuning.jobs",
        "create",
        None,
    ),
    "fine_tuning_jobs.delete": ({"fine_tuning_job_id": "ftjob-1"}, "fine_tuning.jobs", "cancel", None),
    "batches.list": ({}, "batches", "list", {"limit": 20}),
    "batches.read": ({"batch_id": "batch_1"}, "batches", "retrieve", None),
    "batches.create": (
        {"input_file_id": "file-1", "endpoint": "/v1/responses", "completion_window": "24h"},
        "batches",
        "create",
        None,
    ),
    "batches.delete": ({"batch_id": "batch_1"}, "batches", "cancel", None),
    "assistants.list": ({}, "beta.assistants", "list", {"limit": 20, "order": "desc"}),
    "assistants.read": ({"assistant_id": "asst_1"}, "beta.assistants", "retrieve", None),
    "assistants.create": (
        {"model": "m", "name": "n", "instructions": "i"},
        "beta.assistants",
        "create",
        None,
    ),
    "assistants.update": ({"assistant_id": "asst_1", "name": None}, "beta.assistants", "update", None),
    "assistants.delete": ({"assistant_id": "asst_1"}, "beta.assistants", "delete", None),
    "threads.read": ({"thread_id": "thread_1"}, "beta.threads", "retrieve", None),
    "threads.create": ({}, "beta.threads", "create", None),
    "threads.delete": ({"thread_id": "thread_1"}, "beta.threads", "delete", None),
    "thread_messages.list": (
        {"thread_id": "thread_1", "limit": 5, "after": "msg_1"},
        "beta.threads.messages",
        "list",
        {"order": "desc"},
    ),
    "thread_messages.read": (
        {"thread_id": "thread_1", "message_id": "msg_1"},
        "beta.threads.messages",
        "retrieve",
        None,
    ),
    "thread_messages.create": (
        {"thread_id": "thread_1", "role": "user", "content": "hi"},
        "beta.threads.messages",
        "create",
        None,
    ),
    "thread_messages.delete": (
        {"thread_id": "thread_1", "message_id": "msg_1"},
        "beta.threads.messages",
        "delete",
        None,
    ),
    "runs.list": ({"thread_id": "thread_1"}, "beta.threads.runs", "list", {"limit": 20, "order": "desc"}),
    "runs.read": ({"thread_id": "thread_1", "run_id": "run_1"}, "beta.threads.runs", "retrieve", None),
    "runs.create": ({"thread_id": "thread_1", "assistant_id": "asst_1"}, "beta.threads.runs", "create", None),
    "runs.delete": ({"thread_id": "thread_1", "run_id": "run_1"}, "beta.threads.runs", "cancel", None),
    "vector_stores.list": ({}, "vector_stores", "list", {"limit": 20, "order": "desc"}),
    "vector_stores.read": ({"vector_store_id": "vs_1"}, "vector_stores", "retrieve", None),
    "vector_stores.create": ({"name": "Ünï"}, "vector_stores", "create", None),
    "vector_stores.update": ({"vector_store_id": "vs_1", "name": None}, "vector_stores", "update", None),
    "vector_stores.delete": ({"vector_store_id": "vs_1"}, "vector_stores", "delete", None),
}


def theirs(resource, method, arguments):
    """Let the official client make the call, and return the request that it would have sent."""
    sent = []

    def catch(request):
        sent.append((request, request.read()))
        return httpx2.Response(200, json={})

    http = httpx2.Client(transport=httpx2.MockTransport(catch))
    client = openai.OpenAI(
        api_key=KEY, organization="org-1", project="proj_1", http_client=http, max_retries=0
    )
    target = client
    for step in [*resource.split("."), "with_raw_response"]:
        target = getattr(target, step)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        getattr(target, method)(**arguments)
    request, body = sent[0]
    return comparable(request.method, str(request.url), request.headers, body)


def ours(key, values):
    options = {"organization": "org-1", "project": "proj_1"}
    service = openai_cases.service()
    made = build.request(service, service.operation(key), values, {"apiKey": KEY}, options=options)
    seen = comparable(made.method, made.url, {name.lower(): value for name, value in made.headers}, made.body)
    if made.form or made.files:
        files = [(part.name, part.file.filename, part.file.content_type) for part in made.files]
        seen["body"] = sorted([*made.form, *files])
        seen["kind"] = "multipart/form-data"
    return seen


def comparable(method, url, headers, body):
    parts = urlsplit(url)
    kind = headers.get("content-type", "")
    return {
        "method": method,
        "path": parts.path,
        "query": sorted(parse_qsl(parts.query, keep_blank_values=True)),
        "headers": {name: headers[name] for name in COMPARED if headers.get(name)},
        "kind": kind.split(";")[0] if body else "",
        "body": parsed(kind, body) if body else None,
    }


def parsed(kind, body):
    if kind.startswith("application/json"):
        return json.loads(body)
    head = f"Content-Type: {kind}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    return sorted(part_of(part) for part in message.iter_parts())


def part_of(part):
    name = part.get_param("name", header="content-disposition")
    if part.get_filename():
        return name, part.get_filename(), part.get_content_type()
    return name, part.get_payload(decode=True).decode()


@pytest.mark.parametrize("key", CALLS)
def test_we_send_what_the_official_client_sends(key, tmp_path):
    values, resource, method, other = CALLS[key]
    path = tmp_path / "a.wav"
    path.write_bytes(b"RIFF")
    file = {"file": build.FileRef(str(path), "a.wav", "audio/wav", 4)} if takes_file(key) else {}
    arguments = {name: value for name, value in values.items() if name != "model_id"} | (other or {})
    if file:
        arguments["file"] = ("a.wav", b"RIFF", "audio/wav")
    expected, sent = theirs(resource, method, arguments), ours(key, values | file)
    for member in THEIRS_ALONE.get(key, ()):
        expected["body"].pop(member)
    assert sent == expected


def takes_file(key):
    return openai_cases.service().operation(key).placeholder("file") is not None


def test_every_operation_is_compared():
    assert set(CALLS) == {operation.key for operation in openai_cases.operations()}
    assert len(CALLS) == 46
