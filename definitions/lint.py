"""Findings about a definition that loads, but does not do what its author seems to mean; each with its place.

Every rule is one function from a merged document to faults. What they find in the bundled service as it was
published stands in `docs/definition-format.md`; an overlay answers a finding by saying what is meant.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from definitions import checks, documents, drift, folder, reader, template
from definitions.checks import Fault
from definitions.documents import Way
from definitions.findings import BrokenDefinition, Finding
from definitions.openapi import OpenApi

Json = Mapping[str, Any]
JSON_SAID = {"json", "multiple"}
PAGING = ("limit", "per_page", "page_size", "pageSize", "count")
VERB = re.compile(
    r"/(cancel|stop|pause|resume|archive|restore|start|close|reopen)$"
)  # an end of a path that acts
MEMBER = 'say `"member": true`: its member is sent, or left out.'
FIXED = "{} is fixed and nothing asks for the page after it: what comes later cannot be seen."


def lint(path: Path, overlay_file: Path | None = None, openapi_file: Path | None = None) -> list[Finding]:
    """Return all findings about the service in a folder; what keeps it from loading comes alone.

    With a vendor's OpenAPI document come the differences from it (`definitions.drift`).
    """
    try:
        definition = folder.open_folder(path, overlay_file)
        vendor = _vendor(openapi_file) if openapi_file else None
    except BrokenDefinition as broken:
        return list(broken.findings)
    faults = checks.faults(definition.merged)
    if not faults:
        faults = [fault for rule in RULES for fault in rule(definition.merged)]
        faults += _drift(definition, vendor) if vendor else []
    return sorted(definition.findings(faults))


def _vendor(path: Path) -> OpenApi:
    document = documents.read(path)
    try:
        return OpenApi(document.data)
    except ValueError as error:
        raise BrokenDefinition([Finding(path.name, 0, "file", str(error))]) from None


def _drift(definition: folder.Definition, vendor: OpenApi) -> list[Fault]:
    service = reader.read_service(definition.merged, definition.published)
    return [*drift.faults(service, definition.merged, vendor)]


def token_twice(document: Json) -> Iterator[Fault]:
    """S2: a header of the same name as the auth block's; one of them is never used."""
    block = document["service"]
    header = block["auth"].get("params", {}).get("apiToken", {}).get("headerName", {}).get("value", "")
    for name in block.get("headers", {}):
        if name.lower() == header.lower():
            yield (
                ("service", "headers", name),
                f"auth.params.apiToken sets {name} too; this template wins over it.",
            )


def content_type_header(document: Json) -> Iterator[Fault]:
    """S3: a Content-Type for all requests; it would break every upload, and is not sent."""
    for name in document["service"].get("headers", {}):
        if name.lower() == "content-type":
            yield (
                ("service", "headers", name),
                "Content-Type follows from each operation's body; this is not sent.",
            )


def bare_optional(document: Json) -> Iterator[Fault]:
    """T2: an optional placeholder outside quotes; left blank it leaves no JSON behind."""
    for way, placeholder, slots in _body_placeholders(document):
        if not placeholder.get("required") and not placeholder.get("member") and _is_bare(slots):
            yield (
                way,
                f"Left blank, {placeholder['name']!r} outside quotes leaves a body that is no JSON; {MEMBER}",
            )


def unused_placeholder(document: Json) -> Iterator[Fault]:
    """T4: declared, but nowhere in the template."""
    for way, placeholder, slots in _body_placeholders(document):
        if not slots and not placeholder.get("member"):
            yield way, f"The template does not use {placeholder['name']!r}; {MEMBER}"


def bare_text(document: Json) -> Iterator[Fault]:
    """T5: a String outside quotes must be JSON, and its type does not say so."""
    for way, placeholder, slots in _body_placeholders(document):
        if placeholder["type"] == "String" and not JSON_SAID & set(placeholder) and _is_bare(slots):
            yield (
                way,
                f'{placeholder["name"]!r} outside quotes must be JSON; say `"json": "required"`.',
            )


def fixed_page(document: Json) -> Iterator[Fault]:
    """T8: a list whose page size is fixed and that has no cursor; its second page cannot be reached."""
    cursor = document["service"].get("lists", {}).get("cursor")
    for way, name, operation in _operations(document):
        params = operation.get("queryParams", {})
        if operation.get("list", name == "list") and cursor not in params:
            yield from (
                ((*way, "queryParams", key), FIXED.format(key))
                for key in PAGING
                if _is_fixed(params.get(key))
            )


def wrong_verb(document: Json) -> Iterator[Fault]:
    """O1: DELETE on a path that ends in a verb; such a path is an action, and actions are posted."""
    for way, _, operation in _operations(document):
        found = VERB.search(operation["path"]["value"])
        if found and operation["method"] == "DELETE":
            yield (
                (*way, "method"),
                f"DELETE on a path that ends in /{found[1]}: such an action is a POST as a rule.",
            )


RULES: tuple[Callable[[Json], Iterator[Fault]], ...] = (
    token_twice,
    content_type_header,
    bare_optional,
    unused_placeholder,
    bare_text,
    fixed_page,
    wrong_verb,
)


def _operations(document: Json) -> Iterator[tuple[Way, str, Json]]:
    for at, resource in enumerate(document["resources"]):
        for name, operation in resource.get("operations", {}).items():
            yield ("resources", at, "operations", name), name, operation


def _body_placeholders(document: Json) -> Iterator[tuple[Way, Json, list[template.Slot]]]:
    """Yield each placeholder of a body with the way to it and the slots that it fills."""
    for way, _, operation in _operations(document):
        body = operation.get("bodyTemplate", {"value": "{}"})
        slots = list(template.slots(template.parse_json(body["value"])))
        for at, placeholder in enumerate(body.get("placeholders", ())):
            filled = [slot for slot in slots if slot.name == placeholder["name"]]
            yield (*way, "bodyTemplate", "placeholders", at), placeholder, filled


def _is_bare(slots: list[template.Slot]) -> bool:
    return any(slot.bare for slot in slots)


def _is_fixed(param: Any) -> bool:
    text = param.get("value", "") if isinstance(param, Mapping) else param
    return bool(text) and not template.PLACEHOLDER.search(text)
