"""Compare a definition with the vendor's OpenAPI document: what differs, each difference with its place.

This is what only the vendor can tell: a method that does not exist, a body of another kind, members that are
required or unknown, values that came or went, fields that no answer has, events that nobody sends.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from definitions.checks import Fault
from definitions.documents import Way
from definitions.openapi import OpenApi
from definitions.schema import Operation, Placeholder, Resource, Service
from definitions.template import names

Found = tuple[tuple[str, ...], str]  # the way below the operation, and a sentence


def faults(service: Service, merged: Mapping[str, Any], vendor: OpenApi) -> Iterator[Fault]:
    """Yield every difference as a fault of the merged document `service` was read from."""
    for at, resource in enumerate(service.resources):
        for operation in resource.operations:
            way: Way = ("resources", at, "operations", operation.name)
            yield from (((*way, *below), sentence) for below, sentence in _operation(vendor, operation))
        yield from _fields(vendor, resource, at)
    yield from _events(vendor, service, merged)


def _operation(vendor: OpenApi, operation: Operation) -> Iterator[Found]:
    methods = vendor.methods(operation.path)
    theirs = methods.get(operation.method)
    if not methods:
        yield ("path",), f"The document has no path {operation.path}."
    elif theirs is None:
        yield (
            ("method",),
            f"The document has no {operation.method} here; it has {', '.join(sorted(methods))}.",
        )
    else:
        for rule in RULES:
            yield from rule(vendor, operation, theirs)


def _deprecated(vendor: OpenApi, operation: Operation, theirs: Mapping[str, Any]) -> Iterator[Found]:
    if theirs.get("deprecated") and not operation.lifecycle:
        yield (), "The document calls this operation deprecated; say so in lifecycle."


def _query(vendor: OpenApi, operation: Operation, theirs: Mapping[str, Any]) -> Iterator[Found]:
    known, ours = vendor.query(theirs), {name for name, _ in operation.query}
    yield from (
        (("queryParams", name), f"The document has no parameter {name!r}.")
        for name in sorted(ours - set(known))
    )
    needed = {name for name, parameter in known.items() if parameter.get("required")}
    yield from (((), f"The document requires the parameter {name!r}.") for name in sorted(needed - ours))
    for name in sorted(ours & set(known)):
        yield from _options(
            vendor, operation.placeholder(name), known[name].get("schema", {}), ("queryParams", name)
        )


def _body(vendor: OpenApi, operation: Operation, theirs: Mapping[str, Any]) -> Iterator[Found]:
    kinds, schema = vendor.body(theirs)
    if kinds and operation.content_type and operation.content_type not in kinds:
        yield ("bodyTemplate",), f"The document takes {' or '.join(kinds)}, not {operation.content_type}."
    if kinds and not operation.content_type and vendor.required(schema):
        yield (), f"The document requires a body ({' or '.join(kinds)})."
    if operation.content_type and not kinds:
        yield ("bodyTemplate",), "The document takes no body here."
    if kinds and operation.content_type:
        yield from _members(vendor, operation, schema)


def _members(vendor: OpenApi, operation: Operation, schema: Mapping[str, Any]) -> Iterator[Found]:
    ours, known = members(operation), vendor.names(schema)
    for name in sorted(set(ours) - known if known else ()):
        yield ("bodyTemplate", "value"), f"The document has no member {name!r}."
    for name in sorted(vendor.required(schema)):
        placeholder = ours.get(name)
        if name not in ours or (placeholder and not placeholder.required):
            yield ("bodyTemplate", "value"), f"The document requires the member {name!r}."
    for name in sorted(set(ours) & known):
        for node in vendor.members(schema, name)[:1]:
            yield from _options(vendor, ours[name], node, ("bodyTemplate",))


def _options(
    vendor: OpenApi, placeholder: Placeholder | None, schema: Mapping[str, Any], way: tuple[str, ...]
) -> Iterator[Found]:
    """Compare the values of a choice; a document that takes any text besides forbids none of ours."""
    choices = vendor.choices(schema)
    if not placeholder or not placeholder.options or not choices.values:
        return
    ours = set(placeholder.options)
    gone, new = sorted(ours - choices.values), sorted(choices.values - ours)
    place = (*way, "placeholders", placeholder.name, "options")
    if gone and not choices.open:
        yield place, f"The document does not have: {', '.join(gone)}."
    if new:
        yield place, f"The document has also: {', '.join(new)}."


def _answer(vendor: OpenApi, operation: Operation, theirs: Mapping[str, Any]) -> Iterator[Found]:
    kinds, _ = vendor.answer(theirs)
    if kinds and "application/json" not in kinds and not operation.response_kind:
        yield (), f"The document answers {' or '.join(kinds)}; say so in response.kind."


def _fields(vendor: OpenApi, resource: Resource, at: int) -> Iterator[Fault]:
    """Find fields that no answer of the resource's own objects can have."""
    schemas = []
    for operation in resource.operations:
        theirs = vendor.methods(operation.path).get(operation.method)
        if theirs and not operation.is_list and operation.effect != "deletes":
            schemas.append(vendor.answer(theirs)[1])
    schemas = [schema for schema in schemas if schema]
    for index, field in enumerate(resource.fields):
        if schemas and not any(vendor.reaches(schema, field.selector) for schema in schemas):
            yield (
                ("resources", at, "fields", index),
                f"No answer in the document has {'.'.join(field.selector)}.",
            )


def _events(vendor: OpenApi, service: Service, merged: Mapping[str, Any]) -> Iterator[Fault]:
    """Compare events, when the document describes any."""
    theirs = vendor.events()
    for at, resource in enumerate(merged["resources"] if theirs else ()):
        for index, event in enumerate(resource.get("webhooks", ())):
            if event["event"] not in theirs and event.get("delivered", "delivered") == "delivered":
                yield (
                    ("resources", at, "webhooks", index),
                    "The document has no such webhook; say who raises it, in delivered.",
                )
    declared = {event.type for event in service.events}
    yield from (
        (("resources",), f"The document has the webhook {kind!r}, which is not declared.")
        for kind in sorted(theirs - declared)
    )


def members(operation: Operation) -> dict[str, Placeholder | None]:
    """Return the top-level members that a body can have, with the placeholder that fills each alone."""
    tree = operation.body if isinstance(operation.body, dict) else {}
    used = set(names(tree))
    fixed = {key: _only(operation, list(names(node))) for key, node in tree.items()}
    own = {p.name: p for p in operation.placeholders if p.place == "body" and p.name not in used}
    return {**fixed, **own}


def _only(operation: Operation, filled: list[str]) -> Placeholder | None:
    return operation.placeholder(filled[0]) if len(filled) == 1 else None


Rule = Callable[[OpenApi, Operation, Mapping[str, Any]], Iterator[Found]]
RULES: tuple[Rule, ...] = (_deprecated, _query, _body, _answer)
