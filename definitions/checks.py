"""Check a merged definition before it is read: its shape by JSON Schema, then what a schema cannot say."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from definitions import auth, compose, template
from definitions.documents import Way

Json = Mapping[str, Any]
Fault = tuple[Way, str]  # the way to it from the top of the merged document, and a sentence
SCHEMA = Path(__file__).with_name("definition.schema.json")


def faults(document: Any) -> list[Fault]:
    """Return everything that is wrong with a merged document; nothing means that it can be read."""
    return list(dict.fromkeys(_shape(document))) or list(_meaning(document))


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")), format_checker=FormatChecker())


def _shape(document: Any) -> Iterator[Fault]:
    for error in sorted(
        _validator().iter_errors(document), key=lambda error: [str(step) for step in error.path]
    ):
        yield tuple(error.absolute_path), _sentence(error)


def _sentence(error: ValidationError) -> str:
    """Return what JSON Schema found in our words where its own are hard to read."""
    rule: Any = error.validator_value
    if error.validator == "enum":
        return f"{error.instance!r} is not one of: {', '.join(str(value) for value in rule)}."
    if error.validator == "required":
        there: Any = error.instance
        absent = [name for name in rule if name not in there]
        return f"It lacks {', '.join(repr(name) for name in absent)}."
    if error.validator == "type":
        wanted = rule if isinstance(rule, str) else " or ".join(rule)
        return f"It must be of the type {wanted}, not {json.dumps(error.instance)[:60]}."
    return f"{error.message[:200]}."


def _meaning(document: Json) -> Iterator[Fault]:
    for sentence in auth.faults(document["service"]):
        yield ("service", "auth"), sentence
    for at, resource in enumerate(document["resources"]):
        for name, operation in resource.get("operations", {}).items():
            way: Way = ("resources", at, "operations", name)
            yield from _template_faults(resource, operation, way)
            yield from _file_faults(operation, way)
    yield from _reference_faults(document)
    yield from _action_faults(document)


def _template_faults(resource: Json, operation: Json, way: Way) -> Iterator[Fault]:
    endpoint = _declared(resource["endpoint"])
    path = operation["path"]
    yield from _undeclared(path["value"], endpoint | _declared(path), (*way, "path", "value"))
    yield from _undeclared(resource["endpoint"]["value"], endpoint, (*way[:2], "endpoint", "value"))
    for block in ("queryParams", "headers"):
        for name, param in operation.get(block, {}).items():
            text = param if isinstance(param, str) else param["value"]
            yield from _undeclared(text, endpoint | _declared(param), (*way, block, name))
    if "bodyTemplate" in operation:
        yield from _body_faults(
            operation["bodyTemplate"], endpoint | _declared(path), (*way, "bodyTemplate", "value")
        )


def _body_faults(body: Json, declared: set[str], way: Way) -> Iterator[Fault]:
    try:
        tree = template.parse_json(body["value"])
    except template.BadTemplate as error:
        yield way, str(error)
        return
    unknown = set(template.names(tree)) - declared - _declared(body)
    yield from ((way, f"It uses {{{{{name}}}}}, which no placeholder declares.") for name in sorted(unknown))


def _undeclared(text: str, declared: set[str], way: Way) -> Iterator[Fault]:
    for name in template.names(template.parse_text(text)):
        if name not in declared:
            yield way, f"It uses {{{{{name}}}}}, which no placeholder declares."


def _file_faults(operation: Json, way: Way) -> Iterator[Fault]:
    is_form = operation.get("contentType") == "multipart/form-data"
    for at, placeholder in enumerate(operation.get("bodyTemplate", {}).get("placeholders", ())):
        if placeholder["type"] == "File" and not is_form:
            place = (*way, "bodyTemplate", "placeholders", at, "type")
            yield place, "A File needs the operation's contentType to be multipart/form-data."


def _reference_faults(document: Json) -> Iterator[Fault]:
    operations = {
        f"{resource['handle']}.{name}": operation
        for resource in document["resources"]
        for name, operation in resource.get("operations", {}).items()
    }
    for way, key in _references(document):
        if key not in operations:
            yield way, f"There is no operation {key!r}."


def _action_faults(document: Json) -> Iterator[Fault]:
    """Check recipes: words that nobody knows, and inputs that nobody declared."""
    for handle, action in document.get("actions", {}).items():
        declared = _declared({"placeholders": action["inputs"]})
        way: Way = ("actions", handle, "values")
        for word in sorted(set(compose.unknown_words(action["values"]))):
            yield way, f"{word!r} is no word of recipes; known are: {', '.join(compose.WORDS)}."
        for name in sorted(set(compose.names(action["values"])) - declared):
            yield way, f"It uses the input {name!r}, which is not among the inputs."


def _references(document: Json) -> Iterator[tuple[Way, str]]:
    """Yield every mention of an operation, with the way to it."""
    if document["service"].get("test"):
        yield ("service", "test"), document["service"]["test"]
    for handle, action in document.get("actions", {}).items():
        yield ("actions", handle, "operation"), action["operation"]
    for at, resource in enumerate(document["resources"]):
        for index, event in enumerate(resource.get("webhooks", ())):
            way = ("resources", at, "webhooks", index)
            yield from (((*way, "raisedBy", n), key) for n, key in enumerate(event.get("raisedBy", ())))
            if "hydrate" in event:
                key = event["hydrate"]["operation"]
                yield (*way, "hydrate", "operation"), key if "." in key else f"{resource['handle']}.{key}"
    yield from _pickers(document, ())


def _pickers(value: Any, way: Way) -> Iterator[tuple[Way, str]]:
    if isinstance(value, dict):
        if isinstance(value.get("picker"), str) and "type" in value and value["picker"]:
            yield (*way, "picker"), value["picker"]
        for key, child in value.items():
            yield from _pickers(child, (*way, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _pickers(child, (*way, index))


def _declared(holder: Any) -> set[str]:
    placeholders = holder.get("placeholders", ()) if isinstance(holder, Mapping) else ()
    return {placeholder["name"] for placeholder in placeholders}
