"""The bundled service: published facts, our corrections, and the published files giving the same requests."""

import json
import re
from functools import cache
from pathlib import Path

import pytest

from definitions import catalog, folder
from operations import build
from tests import openai_cases

OURS = Path(catalog.BUNDLED) / "chatgpt"
SEED = Path(__file__).resolve().parent.parent.parent / "shared" / "seed"
PUBLISHED_FOLDERS = [OURS, SEED] if SEED.exists() else [OURS]
KEY = {"apiKey": "sk-1"}
ASSISTANTS = ("assistants", "threads", "thread_messages", "runs")


def service():
    return catalog.service("chatgpt-v1")


@cache
def published_with_our_overlay(path):
    return folder.load(path, OURS / "overlay.json")


@pytest.fixture
def without_overlay(tmp_path):
    """Our own published files alone, as the seed gives them."""
    for name in (folder.SERVICE, folder.RESOURCES):
        (tmp_path / name).write_bytes((OURS / name).read_bytes())
    return tmp_path


def test_it_has_what_was_published(without_overlay):
    published = folder.load(without_overlay)
    assert len(published.resources) == 16
    assert len(published.operations) == 44
    assert len(published.events) == 39
    assert sum(len(operation.placeholders) for operation in published.operations) == 66
    assert len({event.path for event in published.events}) == 39


def test_it_has_two_operations_more_and_every_word_is_there():
    assert len(service().operations) == 46
    assert len(service().events) == 39
    told = [*service().resources, *service().operations, *service().events]
    told += [p for o in service().operations for p in o.placeholders]
    told += [f for r in service().resources for f in r.fields] + [
        f for e in service().events for f in e.payload
    ]
    assert [thing for thing in told if not thing.description] == []


def test_every_change_of_an_operation_names_its_source():
    overlay = json.loads((OURS / "overlay.json").read_text("utf-8"))
    changed = [
        operation
        for resource in overlay["resources"].values()
        for operation in resource.get("operations", {}).values()
        if {"method", "path", "contentType", "queryParams"} & set(operation)
    ]
    assert len(changed) == 12
    assert all(operation["source"] for operation in changed)


def test_no_sentence_is_taken_from_the_published_files():
    """Names, paths and types are facts; sentences are somebody's."""
    found = re.compile(r'"description": "((?:[^"\\]|\\.)*)"')
    theirs = {text for path in SEED.glob("*.json") for text in found.findall(path.read_text("utf-8"))}
    ours = {text for path in OURS.glob("*.json") for text in found.findall(path.read_text("utf-8"))}
    assert len(ours) > 250
    assert theirs & ours == set()


@pytest.mark.parametrize("published", PUBLISHED_FOLDERS, ids=lambda path: path.name)
@pytest.mark.parametrize("key", [operation.key for operation in service().operations])
def test_the_published_files_with_our_overlay_give_the_same_requests(published, key):
    file = build.FileRef("/tmp/a.wav", "a.wav", "audio/wav", 4)
    for kind in (openai_cases.plain, openai_cases.blanks, openai_cases.hostile):
        values = kind(service().operation(key), file)
        ours, theirs = (
            build.request(each, each.operation(key), values, KEY, options={"project": "p"})
            for each in (service(), published_with_our_overlay(published))
        )
        assert ours == theirs


def test_what_openai_switched_off_is_marked_and_stays_runnable():
    retired = [operation for operation in service().operations if operation.resource in ASSISTANTS]
    assert len(retired) == 16
    assert {(o.lifecycle.shutdown, o.lifecycle.use) for o in retired} == {("2026-08-26", "responses")}
    assert all(dict(o.headers) == {"OpenAI-Beta": "assistants=v2"} for o in retired)


def test_every_event_says_whether_it_is_delivered():
    marks = {}
    for event in service().events:
        marks.setdefault(event.delivered, []).append(event.type)
    counts = {mark: len(types) for mark, types in marks.items()}
    assert counts == {"delivered": 9, "raised": 14, "retired": 14, "undelivered": 2}
    assert all(event.hydrate for event in service().events if event.delivered == "delivered")
    assert all(event.raised_by for event in service().events if event.delivered == "raised")


def test_a_delivered_event_is_completed_by_reading_its_object():
    hydrate = service().event("batch.completed").hydrate
    assert hydrate.operation == "batches.read"
    assert hydrate.bind == {"batch_id": ("data", "id")}


@pytest.mark.parametrize("key", ["batches.delete", "fine_tuning_jobs.delete", "runs.delete"])
def test_what_is_called_delete_and_cancels_says_so(key):
    operation = service().operation(key)
    assert (operation.label, operation.effect, operation.method) == ("Cancel", "cancels", "POST")
    assert operation.path.endswith("/cancel")


def test_lists_can_be_paged():
    lists = [operation for operation in service().operations if operation.is_list]
    assert len(lists) == 8
    assert [operation.key for operation in lists if not operation.pages] == ["models.list"]


def test_ids_are_picked_from_the_list_that_knows_them():
    assert service().operation("batches.read").placeholder("batch_id").picker == "batches.list"
    assert service().operation("batches.create").placeholder("input_file_id").picker == "files.list"
    assert service().operation("chat_completions.create").placeholder("model").picker == "models.list"


def test_the_connection_form_has_its_placeholders():
    assert [(p.name, p.required) for p in service().auth.placeholders] == [("apiKey", True)]
    assert {p.name: p.header for p in service().optional_headers} == {
        "organization": "OpenAI-Organization",
        "project": "OpenAI-Project",
    }
    assert len(service().setup_steps) == 4
    assert service().operation(service().test_operation).method == "GET"
