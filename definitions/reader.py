"""Turn a merged and checked definition document into the frozen types of `schema`."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from definitions import schema, template
from definitions.auth import read_auth
from definitions.placeholders import read_all, read_template_placeholders

Json = Mapping[str, Any]
DELETED = {
    "name": "deleted",
    "type": "Boolean",
    "selector": ["deleted"],
    "meta": {"description": "Whether it is gone."},
}
NOT_OURS = ("content-type",)  # follows from the kind of body (rule S3)
READING = ("GET", "HEAD", "PUT", "DELETE")  # methods that HTTP calls idempotent


def read_service(document: Json, published: Json) -> schema.Service:
    """Return the service that `document` (overlay merged) describes; `published` is the same without the
    overlay.
    """
    meta, block = document["meta"], document["service"]
    auth = read_auth(block)
    return schema.Service(
        handle=document["handle"],
        short=meta["short"],
        description=meta.get("description", ""),
        icon=meta.get("icon", ""),
        tags=tuple(meta.get("tags", ())),
        base_url=block["baseURL"]["value"].rstrip("/"),
        auth=auth,
        resources=tuple(_resource(document, resource, published) for resource in document["resources"]),
        headers=_headers(block.get("headers", {}), besides=(*NOT_OURS, auth.header.lower())),
        optional_headers=_optional_headers(block.get("optionalHeaders", {})),
        actions=tuple(_action(handle, action) for handle, action in document.get("actions", {}).items()),
        webhooks=_of(schema.Webhooks, block.get("webhooks", {})),
        errors=_of(schema.Errors, block.get("errors", {})),
        retry=_of(schema.Retry, block.get("retry", {})),
        limits=_of(schema.Limits, block.get("limits", {})),
        test_operation=block.get("test", ""),
        setup_steps=tuple(block.get("setup", ())),
        prices=block.get("prices", {}),
        links=block.get("links", {}),
        idempotency_header=block.get("idempotencyHeader", ""),
        version=version(document),
    )


def version(document: Json) -> str:
    """Return 12 hex digits that change when anything in the definition does, order of members aside."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _resource(document: Json, resource: Json, published: Json) -> schema.Resource:
    operations = resource.get("operations", {}).items()
    before = _named(published.get("resources"), resource["handle"])
    return schema.Resource(
        handle=resource["handle"],
        short=resource["meta"]["short"],
        description=resource["meta"].get("description", ""),
        fields=_fields(resource.get("fields", ())),
        operations=tuple(
            _operation(document, resource, name, operation, before) for name, operation in operations
        ),
        events=tuple(_event(resource, event) for event in resource.get("webhooks", ())),
        lifecycle=_lifecycle(resource),
    )


def _operation(document: Json, resource: Json, name: str, operation: Json, before: Json) -> schema.Operation:
    block = document["service"]
    placeholders = read_all(resource, operation)
    text = operation.get("bodyTemplate", {}).get("value", "")
    lists = {**block.get("lists", {}), **operation.get("lists", {})}
    is_list = operation.get("list", name == "list")
    effect = operation.get("effect", "deletes" if operation["method"] == "DELETE" else "")
    is_form = operation.get("contentType") == "multipart/form-data"
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
        fields=_operation_fields(resource, operation, effect),
        query=_headers(operation.get("queryParams", {})),
        headers=(*_own_headers(resource), *_own_headers(operation)),
        body=template.parse_json(text) if text else None,
        body_text=text,
        content_type=("multipart/form-data" if is_form else "application/json") if text else "",
        accept=operation.get("accept", ""),
        response_kind=operation.get("response", {}).get("kind", ""),
        practice=operation.get("practice", {}),
        timeout=float(
            operation.get("timeout", block.get("limits", {}).get("timeout", schema.Limits().timeout))
        ),
        effect=effect,
        lifecycle=_lifecycle(operation) or _lifecycle(resource),
        is_list=is_list,
        items=tuple(lists.get("items", ("data",))) if is_list else (),
        pages=_pages(lists, placeholders) if is_list else None,
        idempotent=operation.get("idempotent", operation["method"] in READING),
        stream=_stream(operation),
        names_object=operation.get("object", _last_of_path(placeholders)),
        published=_published(before, operation, resource, name),
        source=operation.get("source", ""),
    )


def _published(before: Json, operation: Json, resource: Json, name: str) -> str:
    """Return method and path as published when the overlay changed them, else nothing."""
    was = before.get("operations", {}).get(name, {})
    method, path = was.get("method"), was.get("path", {}).get("value")
    if not was or (method, path) == (operation["method"], operation["path"]["value"]):
        return ""
    return f"{method} {resource['endpoint']['value']}{path}"


def _named(resources: Any, handle: str) -> Json:
    """Return the resource of that handle in published files, which nobody has checked."""
    found = (r for r in resources if isinstance(r, dict)) if isinstance(resources, list) else ()
    return next((resource for resource in found if resource.get("handle") == handle), {})


def _operation_fields(resource: Json, operation: Json, effect: str) -> tuple[schema.Field, ...]:
    """Return the fields of an answer; a deletion's own answer says whether the object is gone (rule F2)."""
    fields = operation.get("fields", resource.get("fields", ()))
    if effect == "deletes" and not any(field["name"] == "deleted" for field in fields):
        fields = [*fields, DELETED]
    return _fields(fields)


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


def _event(resource: Json, event: Json) -> schema.Event:
    return schema.Event(
        type=event["event"],
        resource=resource["handle"],
        path=event["path"],
        payload=_fields(event["payload"]),
        delivered=event.get("delivered", "undelivered"),
        hydrate=_hydrate(resource, event),
        raised_by=tuple(event.get("raisedBy", ())),
        raised_on=event.get("raisedOn", "success"),
        label=event.get("label", event["event"]),
        description=event.get("description", ""),
        source=event.get("source", ""),
        when=event.get("when", {}),
    )


def _hydrate(resource: Json, event: Json) -> schema.Hydrate | None:
    if "hydrate" not in event:
        return None
    operation = event["hydrate"]["operation"]
    key = operation if "." in operation else f"{resource['handle']}.{operation}"
    bind = event["hydrate"].get("bind", {})
    return schema.Hydrate(key, {name: tuple(selector) for name, selector in bind.items()})


def _action(handle: str, action: Json) -> schema.Action:
    return schema.Action(
        handle=handle,
        label=action["label"],
        description=action.get("description", ""),
        operation=action["operation"],
        inputs=read_template_placeholders(action["inputs"], "action"),
        values=action["values"],
        one_of=tuple(tuple(group) for group in action.get("oneOf", ())),
        outputs=tuple(action.get("outputs", ())),
        result=action.get("result", "text"),
        icon=action.get("icon", ""),
    )


def _fields(fields: Iterable[Json]) -> tuple[schema.Field, ...]:
    return tuple(
        schema.Field(
            name=field["name"],
            type=field["type"],
            selector=tuple(field["selector"]),
            multivalue=field.get("multivalue", False),
            description=field.get("meta", {}).get("description", ""),
            encoding=field.get("encoding", ""),
            example=field.get("example"),
        )
        for field in fields
    )


def _headers(headers: Json, besides: Iterable[str] = ()) -> tuple[tuple[str, str], ...]:
    """Return names and templates of headers or parameters, which are written as a text or as {value} (rule
    S1).
    """
    pairs = (
        (name, header if isinstance(header, str) else header["value"]) for name, header in headers.items()
    )
    return tuple((name, text) for name, text in pairs if name.lower() not in besides)


def _own_headers(holder: Json) -> tuple[tuple[str, str], ...]:
    return _headers(holder.get("headers", {}), NOT_OURS)


def _optional_headers(headers: Json) -> tuple[schema.Placeholder, ...]:
    found = ((name, header["placeholders"]) for name, header in headers.items() if isinstance(header, dict))
    return tuple(p for name, ps in found for p in read_template_placeholders(ps, "header", header=name))


def _stream(operation: Json) -> schema.Stream | None:
    if "stream" not in operation:
        return None
    block = operation["stream"]
    text = tuple(tuple(selector) for selector in block.get("text", ()))
    document, into = tuple(block.get("document", ())), tuple(block.get("into", ()))
    return schema.Stream(text, document, into, block.get("members", {}))


def _lifecycle(holder: Json) -> schema.Lifecycle | None:
    return _of(schema.Lifecycle, holder["lifecycle"]) if "lifecycle" in holder else None


def _of(kind: Any, block: Json) -> Any:
    """Return a `kind` from a block whose members are its fields in camelCase; members it does not know are
    left out.
    """
    known = {_snake(key): tuple(value) if isinstance(value, list) else value for key, value in block.items()}
    return kind(**{name: value for name, value in known.items() if name in kind.__dataclass_fields__})


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
