"""What this house adds to definitions: one overlay a service, written by a page, laid over all others.

They lie below the stored files (`files/overlays/<service>.json`), so that every process sees them and a
backup holds them. A definition that would not load with them loads without, and the system page says why.
"""

import fcntl
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings

from definitions.schema import Service

Json = dict[str, Any]
# An example decides how a field is read; what is neither is text.
TYPES: Mapping[type, str] = {bool: "Boolean", int: "Integer", float: "Number", dict: "Object"}


NAME = re.compile(r"[A-Za-z0-9_.:/-]{1,200}")


def root() -> Path:
    """Return the folder of all additions; it need not exist."""
    return Path(settings.FILES_ROOT) / "overlays"


def event(service: Service, type: str, examples: Mapping[str, Any]) -> Json | None:
    """Return the overlay that declares an event of this type, a field for each member that was seen.

    None for a name that no definition can hold.
    """
    if not NAME.fullmatch(type):
        return None
    payload = [_field(name, example) for name, example in examples.items()]
    said = {"path": f"/webhooks/{type.replace('.', '-')}", "delivered": "delivered", "payload": payload}
    handle, resource = _resource(service, type)
    return {"resources": {handle: {**resource, "webhooks": {type: said}}}}


def declared(handle: str) -> set[str]:
    """Return the event types that this house has declared for a service."""
    found = _read(root() / f"{handle}.json").get("resources", {})
    return {type for resource in found.values() for type in resource.get("webhooks", {})}


def declare(handle: str, overlay: Mapping[str, Any]) -> None:
    """Add the overlay of one event; the same again changes nothing."""
    with _opened(handle) as said:
        for name, resource in overlay["resources"].items():
            ours = said.setdefault("resources", {}).setdefault(name, {})
            ours |= {**resource, "webhooks": ours.get("webhooks", {}) | resource["webhooks"]}


def withdraw(handle: str, type: str) -> None:
    """Take back what was declared of one event; what is not there is no matter."""
    with _opened(handle) as said:
        resources = said.get("resources", {})
        for name, resource in list(resources.items()):
            resource.get("webhooks", {}).pop(type, None)
            if not resource.get("webhooks"):
                del resources[name]


def _field(name: str, example: Any) -> Json:
    many = isinstance(example, list) and bool(example)
    kind = TYPES.get(example[0].__class__ if many else example.__class__, "String")
    return {"name": name, "type": kind, "selector": [name], **({"multivalue": True} if many else {})}


def _resource(service: Service, type: str) -> tuple[str, Json]:
    """Return the resource that has events of this kind, or a new one that is named after the type."""
    kind = type.partition(".")[0]
    alike = (one.resource for one in service.events if one.type.partition(".")[0] == kind)
    if found := next(alike, ""):
        return found, {}
    handle = "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in kind.lower())
    handle = handle[:56] if handle[:1].isalpha() else f"more_{handle[:56]}"
    short = kind.replace("_", " ").capitalize()[:80]
    return handle, {"meta": {"short": short}, "endpoint": {"value": f"/{handle}"}}


def _read(path: Path) -> Json:
    try:
        said: Json = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return said


@contextmanager
def _opened(handle: str) -> Iterator[Json]:
    """Have a service's additions to change; they are written whole or not at all, one process at a time."""
    path = root() / f"{handle}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        said = _read(path)
        yield said
        part = path.with_suffix(".part")
        part.write_text(json.dumps(said, indent=2, ensure_ascii=False) + "\n", "utf-8")
        os.replace(part, path)
