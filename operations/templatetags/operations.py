"""What the run pages need of a value: whether it is a tree, its JSON, and an item's cells."""

import json
from typing import Any

from django import template

from operations.showing import moment

register = template.Library()

LONGEST_CELL = 120  # characters


@register.filter
def is_tree(value: Any) -> bool:
    """Say whether a value is shown as a JSON tree."""
    return isinstance(value, dict | list)


@register.filter
def as_json(value: Any) -> str:
    """Return a value as JSON text, to be copied."""
    return json.dumps(value, ensure_ascii=False)


@register.filter
def cells(item: dict[str, Any], columns: list[str]) -> list[str]:
    """Return an item's values in the order of the columns, each short enough for a table."""
    return [_cell(name, item[name]) if name in item else "" for name in columns]


def _cell(name: str, value: Any) -> str:
    if at := moment(name, value):
        return f"{at:%Y-%m-%d %H:%M}"
    text = value if isinstance(value, str) else as_json(value)
    return text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]}…"
