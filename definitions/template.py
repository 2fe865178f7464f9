"""Fill templates: parsed once into a tree, values put into it; a value is never read as a template again."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_noop

PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_.-]*)\s*\}\}")
TOKEN = re.compile(
    rf'"(?:[^"\\]|\\.)*"|{PLACEHOLDER.pattern}', re.DOTALL
)  # a JSON string, or a hole outside of one
OPEN, SHUT, BARE = (
    "\ue000",
    "\ue001",
    "\ue002",
)  # private-use characters; a template that holds one is refused


class BadTemplate(ValueError):
    """The template is not JSON once its placeholders are set aside."""


class _Drop:
    def __repr__(self) -> str:
        return "DROP"


DROP = _Drop()  # a blank optional: the member, parameter or header that holds it goes

Node = Any  # Slot, Text, or the JSON values around them


@dataclass(frozen=True, slots=True)
class Slot:
    """A hole that takes a whole value; `bare` ones stood outside quotes."""

    name: str
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """A string with holes in it: literal pieces and slots, in order."""

    parts: tuple[str | Slot, ...]


def parse_text(text: str) -> Text:
    """Return the pieces of a path, a parameter or a header."""
    return Text(tuple(_pieces(text, PLACEHOLDER)))


def parse_json(text: str) -> Node:
    """Return a body template as a tree with slots. Raises BadTemplate with the reason."""
    if any(mark in text for mark in (OPEN, SHUT, BARE)):
        raise BadTemplate(
            gettext_noop("It holds one of the characters U+E000 to U+E002, which mark placeholders here.")
        )
    try:
        return _node(json.loads(TOKEN.sub(_mark, text), object_pairs_hook=_members))
    except RecursionError:
        raise BadTemplate(gettext_noop("It is nested too deeply.")) from None
    except ValueError as error:
        raise BadTemplate(
            gettext_noop("It is not JSON once the placeholders are filled: {error}.").format(error=error)
        ) from None


def names(node: Node) -> Iterator[str]:
    """Yield every placeholder name in a tree or text, in order, as often as it stands there."""
    for slot in slots(node):
        yield slot.name


def slots(node: Node) -> Iterator[Slot]:
    """Yield every slot of a tree or text, in order."""
    if isinstance(node, Slot):
        yield node
    elif isinstance(node, Text):
        yield from (part for part in node.parts if isinstance(part, Slot))
    elif isinstance(node, dict | list):
        for child in node.values() if isinstance(node, dict) else node:
            yield from slots(child)


def fill(node: Node, values: Mapping[str, Any]) -> Any:
    """Return the tree with values in its slots; a name that `values` lacks drops the member or element
    around it.
    """
    if isinstance(node, Slot):
        return values.get(node.name, DROP)
    if isinstance(node, Text):
        return fill_text(node, values)
    if isinstance(node, dict):
        filled = {key: fill(child, values) for key, child in node.items()}
        return {key: value for key, value in filled.items() if value is not DROP}
    if isinstance(node, list):
        return [value for value in (fill(child, values) for child in node) if value is not DROP]
    return node


def fill_text(text: Text, values: Mapping[str, Any], escape: Callable[[str], str] = str) -> Any:
    """Return the text with every value escaped into its slot, or DROP when one of its values is absent."""
    if any(slot.name not in values for slot in slots(text)):
        return DROP
    return "".join(
        part if isinstance(part, str) else escape(as_text(values[part.name])) for part in text.parts
    )


def as_text(value: Any) -> str:
    """Return a value as it stands in the middle of a text: JSON spelling for everything that is no string."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, allow_nan=False)


def _mark(found: re.Match[str]) -> str:
    if found[1]:
        return f'"{BARE}{found[1]}"'
    return PLACEHOLDER.sub(lambda hole: f"{OPEN}{hole[1]}{SHUT}", found[0])


def _node(value: Any) -> Node:
    if isinstance(value, dict):
        return {key: _node(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_node(child) for child in value]
    if not isinstance(value, str) or not any(mark in value for mark in (OPEN, BARE)):
        return value
    if value.startswith(BARE):
        return Slot(value[1:], bare=True)
    parts = tuple(_pieces(value, re.compile(f"{OPEN}(.*?){SHUT}")))
    return parts[0] if len(parts) == 1 and isinstance(parts[0], Slot) else Text(parts)


def _pieces(text: str, hole: re.Pattern[str]) -> Iterator[str | Slot]:
    end = 0
    for found in hole.finditer(text):
        if found.start() > end:
            yield text[end : found.start()]
        yield Slot(found[1])
        end = found.end()
    if end < len(text):
        yield text[end:]


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for key, value in pairs:
        if OPEN in key or BARE in key:
            raise ValueError("a placeholder stands in place of a member's name")
        if key in members:
            raise ValueError(f"the member {key!r} stands there twice")
        members[key] = value
    return members
