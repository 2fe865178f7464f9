"""Read one operation of a definition: what it sends, and what it answers."""

from collections.abc import Iterable, Mapping
from typing import Any

from definitions import schema, template
from definitions.pieces import read_fields, read_headers, read_lifecycle, read_own_headers
from definitions.placeholders import read_all

Json = Mapping[str, Any]
GONE = {"description": "Whether it is gone."}
DELETED = {"name": "deleted", "type": "Boolean", "selector": ["deleted"], "meta": GONE}
READING = ("GET", "HEAD", "PUT", "DELETE")  # methods that HTTP calls idempotent


def read_operation(
    document: Json, resource: Json, name: str, operation: Json, before: Json
) -> schema.Operation:
    """Return an operation of a checked document; `before` is its resource as published."""
    placeholders = read_all(resource, operation)
    effect = operation.get("effect", "deletes" if operation["method"] == "DELETE" else "")
    return schema.Operation(
        service=document["handle"],
        resource=resource["handle"],
        name=name,
        key=f"{resource['handle']}.{name}",
        label=operation.get("label", name.replace("_", " ").capitalize()),
        description=operation.get("description", ""),
        method=operation["method"],
        path=resource["endpoint"]["value"] + operation["path"]["value"],
        placeholders=placeholders,
        fields=_fields(resource, operation, effect),
        effect=effect,
        lifecycle=read_lifecycle(operation) or read_lifecycle(resource),
        idempotent=operation.get("idempotent", operation["method"] in READING),
        names_object=operation.get("object", _last_of_path(placeholders)),
        published=_published(before, operation, resource, name),
        source=operation.get("source", ""),
        **_sent(resource, operation),
        **_answered(document["service"], operation, name, placeholders),
    )


def _sent(resource: Json, operation: Json) -> dict[str, Any]:
    """Return what an operation sends besides its method and path."""
    text = operation.get("bodyTemplate", {}).get("value", "")
    return {
        "query": read_headers(operation.get("queryParams", {})),
        "headers": (*read_own_headers(resource), *read_own_headers(operation)),
        "body": template.parse_json(text) if text else None,
        "body_text": text,
        "content_type": operation.get("contentType", "application/json") if text else "",
        "accept": operation.get("accept", ""),
    }


def _answered(
    block: Json, operation: Json, name: str, placeholders: tuple[schema.Placeholder, ...]
) -> dict[str, Any]:
    """Return what is known of an operation's answer; `block` has what holds for the whole service."""
    lists = {**block.get("lists", {}), **operation.get("lists", {})}
    is_list = operation.get("list", name == "list")
    limits = block.get("limits", {})
    return {
        "response_kind": operation.get("response", {}).get("kind", ""),
        "practice": operation.get("practice", {}),
        "timeout": float(operation.get("timeout", limits.get("timeout", schema.Limits().timeout))),
        "is_list": is_list,
        "items": tuple(lists.get("items", ("data",))) if is_list else (),
        "pages": _pages(lists, placeholders) if is_list else None,
        "stream": _stream(operation),
    }


def _published(before: Json, operation: Json, resource: Json, name: str) -> str:
    """Return method and path as published when the overlay changed them, else nothing."""
    was = before.get("operations", {}).get(name, {})
    method, path = was.get("method"), was.get("path", {}).get("value")
    if not was or (method, path) == (operation["method"], operation["path"]["value"]):
        return ""
    return f"{method} {resource['endpoint']['value']}{path}"


def _fields(resource: Json, operation: Json, effect: str) -> tuple[schema.Field, ...]:
    """Return the fields of an answer; a deletion's own answer says whether the object is gone (rule F2)."""
    fields = operation.get("fields", resource.get("fields", ()))
    if effect == "deletes" and not any(field["name"] == "deleted" for field in fields):
        fields = [*fields, DELETED]
    return read_fields(fields)


def _last_of_path(placeholders: Iterable[schema.Placeholder]) -> str:
    return next((p.name for p in reversed(tuple(placeholders)) if p.place == "path"), "")


def _pages(lists: Json, placeholders: tuple[schema.Placeholder, ...]) -> schema.Pages | None:
    """Return how a list goes on: by a cursor or by numbers, whichever of the two it has a placeholder for."""
    names = {placeholder.name for placeholder in placeholders}
    cursor, page, limit = (_there(lists.get(word, ""), names) for word in ("cursor", "page", "limit"))
    if not cursor and not page:
        return None
    return schema.Pages(cursor, page, limit, tuple(lists.get("more", ())), tuple(lists.get("next", ())))


def _there(name: str, names: set[str]) -> str:
    return name if name in names else ""


def _stream(operation: Json) -> schema.Stream | None:
    if "stream" not in operation:
        return None
    block = operation["stream"]
    text = tuple(tuple(selector) for selector in block.get("text", ()))
    document, into = tuple(block.get("document", ())), tuple(block.get("into", ()))
    return schema.Stream(text, document, into, block.get("members", {}))
