"""Pick named values out of a parsed JSON document, telling absent from null."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from definitions.schema import Field, Operation, Selector


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Any = _Missing()  # nothing stands there; null is a value
# "[type=message]": the first element of a list whose type is message, or an object if that is its type.
MATCH = re.compile(r"\[([^=\]]+)=(.*)\]", re.DOTALL)
EVERY = "*"


@dataclass(frozen=True, slots=True)
class Picked:
    """What the fields found: values by name, and the names of those that found nothing."""

    resolved: dict[str, Any]
    missing: tuple[str, ...]


def pick(document: Any, selector: Selector) -> Any:
    """Return the value that `selector` reaches in `document`, or MISSING. Null on the way ends as null.

    Rule F9: where the service answers null in place of an object, the fields below it are null, not an error.
    """
    value = document
    for at, segment in enumerate(selector):
        if value is None or value is MISSING:
            return value
        if segment == EVERY:
            return _every(value, selector[at + 1 :])
        plain = type(value) is dict and segment[:1] != "["  # nearly always, and the door picks four times
        value = value.get(segment, MISSING) if plain else _step(value, segment)
    return value


def picked(fields: Iterable[Field], document: Any) -> Picked:
    """Return all fields' values in `document`, scalars brought to the declared type."""
    found = {field.name: (field, pick(document, field.selector)) for field in fields}
    resolved = {
        name: coerced(value, field.type) for name, (field, value) in found.items() if value is not MISSING
    }
    return Picked(resolved, tuple(name for name in found if name not in resolved))


def rows(operation: Operation, document: Any) -> tuple[Picked, ...] | None:
    """Return one Picked for each element of a list answer, or None when this is no list or answers none
    (rule F1).
    """
    if not operation.is_list:
        return None
    elements = pick(document, operation.items)
    return (
        tuple(picked(operation.fields, element) for element in elements)
        if isinstance(elements, list)
        else None
    )


def next_values(
    operation: Operation, document: Any, values: Mapping[str, Any] | None = None
) -> dict[str, Any] | None:
    """Return what to ask for to get the page after `document`, or None when that was the last.

    `values` are those that this page was asked for with; counted pages need them.
    """
    pages, elements = operation.pages, pick(document, operation.items)
    if not pages or not isinstance(elements, list) or not elements:
        return None
    if pages.more and not pick(document, pages.more):
        return None
    if pages.page:
        return _next_number(operation, len(elements), values or {})
    cursor = pick(document, pages.next) if pages.next else MISSING
    cursor = pick(elements[-1], ("id",)) if cursor in (None, MISSING, "") else cursor
    return {pages.cursor: cursor} if cursor else None


def _next_number(operation: Operation, count: int, values: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the next page's number. A page that is not full was the last one."""
    pages = operation.pages
    limit = operation.placeholder(pages.limit) if pages else None
    asked = values.get(limit.name, limit.default) if limit else None
    if pages is None or (asked and count < int(asked)):
        return None
    return {pages.page: int(values.get(pages.page) or 1) + 1}


def coerced(value: Any, type: str) -> Any:
    """Return a scalar in its field's declared type where nothing is lost, else as it came (rules F5, F7,
    F8).
    """
    return COERCIONS.get(type, lambda same: same)(value)


def _integer(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _string(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, bool | int | float) else value


COERCIONS: Mapping[str, Callable[[Any], Any]] = {"Integer": _integer, "String": _string}


def _step(value: Any, segment: str) -> Any:
    if segment[:1] == "[" and (matched := MATCH.fullmatch(segment)):
        candidates = value if isinstance(value, list) else [value]
        return next((item for item in candidates if _matches(item, *matched.groups())), MISSING)
    if isinstance(value, Mapping):
        return value.get(segment, MISSING)
    if not isinstance(value, list):
        return MISSING
    at = int(segment) if segment.isascii() and segment.isdigit() and len(segment) < 10 else len(value)
    return value[at] if at < len(value) else MISSING


def _matches(item: Any, key: str, text: str) -> bool:
    return isinstance(item, Mapping) and key in item and coerced(item[key], "String") == text


def _every(value: Any, rest: Selector) -> Any:
    if not isinstance(value, list):
        return MISSING
    return [found for found in (pick(item, rest) for item in value) if found is not MISSING]
