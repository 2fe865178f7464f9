"""Turn a merged and checked definition document into the frozen types of `schema`."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from definitions import schema
from definitions.auth import read_auth
from definitions.calls import read_operation
from definitions.pieces import NOT_OURS, read_block, read_fields, read_headers, read_lifecycle
from definitions.placeholders import read_template_placeholders

Json = Mapping[str, Any]


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
        headers=read_headers(block.get("headers", {}), besides=(*NOT_OURS, auth.header.lower())),
        optional_headers=_optional_headers(block.get("optionalHeaders", {})),
        actions=tuple(_action(handle, action) for handle, action in document.get("actions", {}).items()),
        webhooks=read_block(schema.Webhooks, block.get("webhooks", {})),
        errors=read_block(schema.Errors, block.get("errors", {})),
        retry=read_block(schema.Retry, block.get("retry", {})),
        limits=read_block(schema.Limits, block.get("limits", {})),
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
        fields=read_fields(resource.get("fields", ())),
        operations=tuple(
            read_operation(document, resource, name, operation, before) for name, operation in operations
        ),
        events=tuple(_event(resource, event) for event in resource.get("webhooks", ())),
        lifecycle=read_lifecycle(resource),
    )


def _named(resources: Any, handle: str) -> Json:
    """Return the resource of that handle in published files, which nobody has checked."""
    found = (r for r in resources if isinstance(r, dict)) if isinstance(resources, list) else ()
    return next((resource for resource in found if resource.get("handle") == handle), {})


def _event(resource: Json, event: Json) -> schema.Event:
    return schema.Event(
        type=event["event"],
        resource=resource["handle"],
        path=event["path"],
        payload=read_fields(event["payload"]),
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


def _optional_headers(headers: Json) -> tuple[schema.Placeholder, ...]:
    found = ((name, header["placeholders"]) for name, header in headers.items() if isinstance(header, dict))
    return tuple(p for name, ps in found for p in read_template_placeholders(ps, "header", header=name))
