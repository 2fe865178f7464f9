"""What an operation looked like when something ran, and what changed since."""

from dataclasses import asdict
from typing import Any

import orjson

from definitions.schema import Operation, Service
from operations.models import Run, Version

NOT_COMPARED = {"body", "service"}  # body_text says the same as text

_known: set[tuple[str, str, str]] = set()  # what this process wrote down already


def remember(service: Service, operation: Operation) -> None:
    """Write the operation down once per version of its definition."""
    key = (service.handle, operation.key, service.version)
    if key in _known:
        return
    Version.objects.get_or_create(
        service=key[0], operation=key[1], version=key[2], defaults={"document": described(operation)}
    )
    _known.add(key)


def described(operation: Operation) -> dict[str, Any]:
    """Return an operation as plain JSON."""
    facts = {name: value for name, value in asdict(operation).items() if name not in NOT_COMPARED}
    document: dict[str, Any] = orjson.loads(orjson.dumps(facts, default=str))
    return document


def changes(run: Run, operation: Operation | None) -> list[tuple[str, Any, Any]]:
    """Return (place, then, now) for everything about the operation that is another than when this ran."""
    then = Version.objects.filter(
        service=run.service, operation=run.operation_key, version=run.definition_version
    )
    former = then.values_list("document", flat=True).first()
    if former is None or operation is None:
        return []
    return list(differences(former, described(operation)))


def differences(then: Any, now: Any, place: str = "") -> list[tuple[str, Any, Any]]:
    """Return (place, then, now) for every leaf of two JSON documents that differs; lists of named things by
    name."""
    then, now = _by_name(then), _by_name(now)
    if isinstance(then, dict) and isinstance(now, dict):
        names = [*then, *(name for name in now if name not in then)]
        return [
            change
            for name in names
            for change in differences(
                then.get(name), now.get(name), f"{place}.{name}" if place else str(name)
            )
        ]
    return [] if then == now else [(place, then, now)]


def _by_name(value: Any) -> Any:
    if isinstance(value, list) and value and all(isinstance(item, dict) and "name" in item for item in value):
        return {item["name"]: item for item in value}
    if isinstance(value, list):
        return dict(enumerate(value))
    return value
