"""Make up documents that have a value wherever a declared field looks for one."""

import secrets
import time
from collections.abc import Iterable, Mapping
from typing import Any

from definitions.schema import Field
from definitions.selectors import EVERY
from definitions.simulator import media
from definitions.writing import put

RANDOM = "…"  # at the end of an example: replaced by letters and digits, so that ids differ
BY_TYPE: Mapping[str, Any] = {"Integer": 7, "Number": 0.5, "Boolean": False, "Object": None}


def document(fields: Iterable[Field], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document with all `fields`; what the caller gave under a field's name is given back to it."""
    made: dict[str, Any] = {}
    for field in fields:
        if field.selector and EVERY not in field.selector:
            put(made, field.selector, _value(field, given))
    return made


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
