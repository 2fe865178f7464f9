"""Make up documents that have a value wherever a declared field looks for one."""

import secrets
import time
from collections.abc import Iterable, Mapping
from typing import Any

from definitions.schema import Field, Selector
from definitions.selectors import EVERY, MATCH
from definitions.simulator import media

RANDOM = "…"  # at the end of an example: replaced by letters and digits, so that ids differ
BY_TYPE: Mapping[str, Any] = {"Integer": 7, "Number": 0.5, "Boolean": False, "Object": None}


def document(fields: Iterable[Field], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document with all `fields`; what the caller gave under a field's name is given back to it."""
    made: dict[str, Any] = {}
    for field in fields:
        if field.selector and EVERY not in field.selector:
            put(made, field.selector, _value(field, given))
    return made


def put(into: Any, selector: Selector, value: Any) -> None:
    """Set the value that `selector` reaches, making the objects and lists on the way."""
    for here, following in zip(selector, (*selector[1:], None), strict=True):
        new = value if following is None else [] if _is_index(following) else {}
        into = _enter(into, here, new)


def fresh(example: str) -> str:
    """Return an example with random letters in place of its dots: "batch_…" becomes "batch_6f0c…"."""
    return example.removesuffix(RANDOM) + secrets.token_hex(12) if example.endswith(RANDOM) else example


def _value(field: Field, given: Mapping[str, Any]) -> Any:
    if field.encoding:
        return media.picture_base64()
    if field.name in given and isinstance(given[field.name], str | int | float | bool):
        return given[field.name]
    if field.example is not None:
        return fresh(field.example) if isinstance(field.example, str) else field.example
    return _by_type(field)


def _by_type(field: Field) -> Any:
    if field.multivalue:
        return []
    if field.type == "Integer" and field.selector[-1].endswith(("created", "_at")):
        return int(time.time())
    return BY_TYPE.get(field.type, f"practice {field.name}")


def _enter(into: Any, step: str, new: Any) -> Any:
    if isinstance(into, dict):
        if not isinstance(into.get(step), dict | list):
            into[step] = new
        return into[step]
    if matched := MATCH.fullmatch(step):
        return _matching(into, *matched.groups())
    at = int(step)
    into.extend([{}] * (at + 1 - len(into)))
    if not isinstance(new, dict) or not into[at]:
        into[at] = new
    return into[at]


def _matching(into: list[Any], key: str, text: str) -> Any:
    found = next((item for item in into if item.get(key) == text), None)
    if found is None:
        into.append(found := {key: text})
    return found


def _is_index(step: str) -> bool:
    return step.isdigit() or bool(MATCH.fullmatch(step))
