"""A definition is compared with the vendor's own document, and each difference has its place."""

import copy
import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from definitions import catalog, lint
from definitions.openapi import OpenApi

OURS = Path(catalog.BUNDLED) / "chatgpt"
SHARED = Path(__file__).resolve().parent.parent.parent / "shared"
SERVICE = {
    "handle": "small-v1",
    "meta": {"short": "Small"},
    "service": {"baseURL": {"value": "https://small.test"}, "auth": {"method": "none"}},
}
NAME = {"name": "name", "type": "String", "required": True}
KIND = {"name": "kind", "type": "String", "required": False, "options": ["a", "b"]}
RESOURCES = [
    {
        "handle": "things",
        "meta": {"short": "Things"},
        "endpoint": {"value": "/things"},
        "fields": [{"name": "id", "type": "String", "selector": ["id"]}],
        "operations": {
            "create": {
                "method": "POST",
                "path": {"value": ""},
                "bodyTemplate": {
                    "value": '{"name": "{{name}}", "kind": "{{kind}}"}',
                    "placeholders": [NAME, KIND],
                },
            },
            "read": {
                "method": "GET",
                "path": {
                    "value": "/{{id}}",
                    "placeholders": [{"name": "id", "type": "String", "required": True}],
                },
                "queryParams": {"full": "true"},
            },
        },
        "webhooks": [{"event": "thing.made", "path": "/webhooks/small/made", "payload": []}],
    }
]
THING = {"type": "object", "properties": {"id": {"type": "string"}, "parts": {"type": "array", "items": {}}}}
GIVES = {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}}
NEW = {
    "allOf": [
        {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
        {"properties": {"kind": {"type": "string", "enum": ["a", "b"]}}},
    ]
}
MADE = {"type": "object", "properties": {"type": {"const": "thing.made"}}}
DOCUMENT = {
    "openapi": "3.1.0",
    "paths": {
        "/things": {
            "post": {"requestBody": {"content": {"application/json": {"schema": NEW}}}, "responses": GIVES}
        },
        "/things/{thing_id}": {
            "parameters": [{"name": "full", "in": "query", "schema": {"type": "string"}}],
            "get": {"responses": GIVES},
        },
    },
    "webhooks": {"made": {"post": {"requestBody": {"content": {"application/json": {"schema": MADE}}}}}},
    "components": {"schemas": {"Thing": THING}},
}


@pytest.fixture
def found(tmp_path):
    """Lint the small definition against the document as a test has changed it."""
    (tmp_path / "service.json").write_text(json.dumps(SERVICE))
    (tmp_path / "resources.json").write_text(json.dumps(RESOURCES))

    def compare(*way, to, remove=False):
        document = copy.deepcopy(DOCUMENT)
        inner = document
        for step in way[:-1]:
            inner = inner[step]
        inner[way[-1]] = to
        (tmp_path / "vendor.json").write_text(json.dumps(document))
        findings = lint.lint(tmp_path, openapi_file=tmp_path / "vendor.json")
        return [f"{finding.place}: {finding.message}" for finding in findings]

    return compare


POST = ("paths", "/things", "post")
BODY = (*POST, "requestBody", "content")
READ = ("paths", "/things/{thing_id}")


def test_a_definition_that_agrees_gives_nothing(found):
    assert found("openapi", to="3.1.0") == []


@pytest.mark.parametrize(
    ("way", "to", "finding"),
    [
        (("paths", "/things"), {}, "create.path: The document has no path /things."),
        (("paths", "/things"), {"put": {}}, "create.method: The document has no POST here; it has PUT."),
        (
            (*POST, "deprecated"),
            True,
            "create: The document calls this operation deprecated; say so in lifecycle.",
        ),
        (
            BODY,
            {"multipart/form-data": {}},
            "bodyTemplate: The document takes multipart/form-data, not application/json.",
        ),
        ((*POST, "requestBody"), {}, "create.bodyTemplate: The document takes no body here."),
        (
            (*BODY, "application/json", "schema", "allOf", 1, "properties", "kind", "enum"),
            ["b", "c"],
            "kind.options: The document does not have: a.",
        ),
        (
            (*BODY, "application/json", "schema", "allOf", 1, "properties", "kind", "enum"),
            ["a", "b", "c"],
            "kind.options: The document has also: c.",
        ),
        (
            (*BODY, "application/json", "schema", "allOf", 1, "properties"),
            {"sort": {}},
            "bodyTemplate.value: The document has no member 'kind'.",
        ),
        (
            (*BODY, "application/json", "schema", "allOf", 1, "required"),
            ["kind"],
            "bodyTemplate.value: The document requires the member 'kind'.",
        ),
        ((*READ, "parameters"), [], "queryParams.full: The document has no parameter 'full'."),
        (
            (*READ, "get", "parameters"),
            [{"name": "v", "in": "query", "required": True}],
            "read: The document requires the parameter 'v'.",
        ),
        (
            (*READ, "get", "responses", "200", "content"),
            {"text/csv": {}},
            "read: The document answers text/csv; say so in response.kind.",
        ),
        (
            ("components", "schemas", "Thing", "properties"),
            {"key": {}},
            "things.fields.id: No answer in the document has id.",
        ),
        (
            (
                "webhooks",
                "made",
                "post",
                "requestBody",
                "content",
                "application/json",
                "schema",
                "properties",
            ),
            {"type": {"enum": ["thing.built"]}},
            "thing.made: The document has no such webhook; say who raises it, in delivered.",
        ),
        (("webhooks", "gone"), {"post": {}}, "The document has the webhook 'gone', which is not declared."),
    ],
)
def test_each_difference_is_named(found, way, to, finding):
    assert any(line.endswith(finding) for line in found(*way, to=to)), found(*way, to=to)


def test_a_document_that_takes_any_text_forbids_no_value(found):
    way = (*BODY, "application/json", "schema", "allOf", 1, "properties", "kind")
    open_choice = {"anyOf": [{"type": "string"}, {"type": "string", "enum": ["a"]}]}
    assert found(*way, to=open_choice) == []


@pytest.mark.parametrize("document", ["[]", "{}", '{"paths": 1}'])
def test_what_is_no_openapi_document_is_said(tmp_path, document):
    (tmp_path / "vendor.json").write_text(document)
    (finding,) = lint.lint(OURS, openapi_file=tmp_path / "vendor.json")
    assert str(finding) == "vendor.json:file: This is no OpenAPI document: it has no paths."


def test_a_schema_that_contains_itself_ends():
    tree = {"properties": {"child": {"$ref": "#/components/schemas/Tree"}}}
    vendor = OpenApi(
        {
            "paths": {},
            "components": {"schemas": {"Tree": tree, "Loop": {"$ref": "#/components/schemas/Loop"}}},
        }
    )
    assert vendor.reaches({"$ref": "#/components/schemas/Tree"}, ("child",) * 20)
    assert not vendor.reaches({"$ref": "#/components/schemas/Loop"}, ("child",))


def test_the_bundled_service_against_openais_own_document(found):
    """The whole document is large and stands beside the project; without it the small one above has to do."""
    if not (SHARED / "openai" / "openapi.json").exists():
        assert found("webhooks", "other", to={"post": {}}) != []
        return
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("lint", OURS, "--openapi", SHARED / "openai" / "openapi.json", stdout=out)
    lines = out.getvalue().splitlines()
    assert all("which is not declared" in line for line in lines)
    assert len(lines) == 7
    seed = lint.lint(SHARED / "seed", openapi_file=SHARED / "openai" / "openapi.json")
    assert len([finding for finding in seed if "no such webhook" in finding.message]) == 30
    assert {finding.place for finding in seed if "has no DELETE here" in finding.message} == {
        "batches.operations.delete.method",
        "fine_tuning_jobs.operations.delete.method",
    }
