"""The 46 operations of chatgpt-v1 with values to run them by: plain, all blanks, and hostile."""

import re

from definitions import catalog

HOSTILE = 'a "quoted" line\nand {{model}} and ", "evil": "1 \\ \u2028 é 😀'
SEGMENT = "x/../../models/gpt-4o?a=1#b {{file_id}}"
PLAIN = {
    "model": "gpt-4o",
    "messages": [{"role": "user", "content": "Hello"}],
    "input": "Hello",
    "prompt": "A cat",
    "voice": "alloy",
    "purpose": "batch",
    "endpoint": "/v1/responses",
    "completion_window": "24h",
    "input_file_id": "file-1",
    "training_file": "file-1",
    "role": "user",
    "content": "Hello",
    "assistant_id": "asst_1",
    "n": 2,
    "size": "1024x1024",
    "language": "en",
    "response_format": "",
    "name": "A name",
    "instructions": "Be kind",
    "limit": 5,
    "after": "id_1",
}
IDS = {
    "response_id": "resp_1",
    "model_id": "ft:gpt-4o-mini:acme::x",
    "file_id": "file-1",
    "fine_tuning_job_id": "ftjob-1",
    "batch_id": "batch_1",
    "assistant_id": "asst_1",
    "thread_id": "thread_1",
    "message_id": "msg_1",
    "run_id": "run_1",
    "vector_store_id": "vs_1",
}
PATHS = {"model_id": "model", "thread_id": "thread_id"}  # where the document calls an id differently


def service():
    return catalog.service("chatgpt-v1")


def operations():
    return service().operations


def required(operation, file=None):
    """Values for the required placeholders alone."""
    every = PLAIN | IDS | {"file": file}
    return {p.name: every[p.name] for p in operation.placeholders if p.required}


def plain(operation, file=None):
    """Values for everything that there is a plain value for."""
    every = PLAIN | IDS | {"file": file}
    values = {
        p.name: every[p.name]
        for p in operation.placeholders
        if p.name in every and p.name != "response_format"
    }
    return required(operation, file) | {name: value for name, value in values.items() if value is not None}


def blanks(operation, file=None):
    """Required values, and every optional one left blank."""
    return {p.name: "" for p in operation.placeholders} | required(operation, file)


def hostile(operation, file=None):
    """Hostile text wherever free text goes; options and numbers stay plain, JSON has hostile text inside."""
    values = required(operation, file)
    for p in operation.placeholders:
        if p.json == "required" and p.shape == "array":
            values[p.name] = [{"role": "user", "content": HOSTILE}]
        elif p.type == "String" and not p.options and p.json != "required":
            values[p.name] = SEGMENT if p.place in ("path", "endpoint") else HOSTILE
    return values


def wanted():
    """What `openai_document.extract` is asked for: method, path and members of every operation."""
    return {o.key: (o.method, _document_path(o), _members(o)) for o in operations()}


def _document_path(operation):
    return re.sub(r"\{\{(\w+)\}\}", lambda found: "{" + PATHS.get(found[1], found[1]) + "}", operation.path)


def _members(operation):
    return {p.name for p in operation.placeholders if p.place == "body"}
