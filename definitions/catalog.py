"""The only way in: which services there are, and what they can do."""

import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from definitions import additions, folder
from definitions.findings import BrokenDefinition, Finding
from definitions.schema import Event, Operation, Service

BUNDLED = Path(__file__).with_name("services")
LOOK_AGAIN = 2.0  # seconds between two looks at the files: an edited definition counts without a restart


class UnknownService(LookupError):
    """No definition of that handle is loaded."""


class UnknownOperation(LookupError):
    """The service has no operation of that key."""


class _Shelf(NamedTuple):
    stamp: tuple[tuple[str, int, int], ...]
    looked: float
    services: dict[str, Service]
    broken: tuple[Finding, ...]
    operations: dict[tuple[str, str], Operation]
    events: dict[tuple[str, str], Event]  # the first of its type; two resources may share one


_shelf = _Shelf((), -LOOK_AGAIN, {}, (), {}, {})


def services() -> tuple[Service, ...]:
    """Return every service whose definition could be read, in the order of their names."""
    return tuple(sorted(_current().services.values(), key=lambda service: service.short.lower()))


def broken() -> tuple[Finding, ...]:
    """Return what is wrong with the definitions that could not be read."""
    return _current().broken


def service(handle: str) -> Service:
    """Return the service with that handle. Raises UnknownService."""
    found = _current().services.get(handle)
    if found is None:
        raise UnknownService(
            f"There is no service {handle!r}. Known are: {', '.join(sorted(_current().services))}."
        )
    return found


def operation(handle: str, key: str) -> Operation:
    """Return the operation `key` ("batches.create") of a service. Raises UnknownService, UnknownOperation."""
    found = _current().operations.get((handle, key))
    if found is None:
        service(handle)
        raise UnknownOperation(f"{handle} has no operation {key!r}.")
    return found


def event(handle: str, type: str, resource: str = "") -> Event | None:
    """Return the event of that type, or None when the definition does not know it. Raises UnknownService."""
    if resource:
        return service(handle).event(type, resource)
    return _current().events.get((handle, type)) or service(handle).event(type)


def look_again() -> None:
    """Let this process look at the files at the next question; the others do within two seconds."""
    global _shelf
    _shelf = _shelf._replace(looked=-LOOK_AGAIN)


def _current() -> _Shelf:
    """Return what is loaded, after a look at the files when the last look is some time ago."""
    global _shelf
    now = time.monotonic()
    if now - _shelf.looked >= LOOK_AGAIN:
        stamp = _stamp()
        _shelf = _shelf._replace(looked=now) if stamp == _shelf.stamp else _load(stamp, now)
    return _shelf


def _load(stamp: tuple[tuple[str, int, int], ...], now: float) -> _Shelf:
    """Read every folder. One that is broken keeps none of the others from loading."""
    loaded: dict[str, Service] = {}
    faults: list[Finding] = []
    for place in _folders():
        if found := _read(place, faults):
            loaded.setdefault(found.handle, found)
    operations = {(s.handle, o.key): o for s in loaded.values() for o in s.operations}
    events = {(s.handle, e.type): e for s in loaded.values() for e in reversed(s.events)}
    return _Shelf(stamp, now, loaded, tuple(dict.fromkeys(faults)), operations, events)


def _read(place: Path, faults: list[Finding]) -> Service | None:
    """Return the service in a folder; without this house's additions when it would not load with them."""
    for ours in (additions.root(), None):
        try:
            return folder.load(place, additions=ours)
        except BrokenDefinition as error:
            faults.extend(error.findings)
    return None


def _folders() -> list[Path]:
    """Return the folders that hold a service: ours, and those below `SWITCHBOARD_DEFINITIONS`, ours last."""
    roots = [*(Path(root) for root in settings.DEFINITIONS), BUNDLED]
    return [
        path.parent
        for root in roots
        for path in sorted([*root.glob("service.json"), *root.glob("*/service.json")])
    ]


def _stamp() -> tuple[tuple[str, int, int], ...]:
    """Return what changes when a file does. One that vanishes while we look changes it as well."""
    stamp = []
    places = [*_folders(), additions.root()]
    for file in (file for place in places for file in sorted(place.glob("*.json"))):
        with suppress(OSError):
            stamp.append((str(file), file.stat().st_mtime_ns, file.stat().st_size))
    return tuple(stamp)
