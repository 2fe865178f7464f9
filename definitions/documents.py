"""Read a definition's JSON files and keep the line of everything in them, so that findings can name it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from definitions.findings import BrokenDefinition, Finding

Way = tuple[str | int, ...]  # keys and indexes from the top: ("resources", 3, "operations", "read")
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
NAMING = ("handle", "event", "name")  # members that name an element of a list, in a place and in an overlay
BEGINS: Mapping[str, list[str | int]] = {"{": [""], "[": [0]}  # the first step inside
LARGEST = 8 << 20  # bytes; the largest published definition is 60 KB


@dataclass(frozen=True, slots=True)
class Document:
    """One parsed JSON file and the line of each of its values."""

    file: str
    data: Any
    lines: Mapping[Way, int] = field(default_factory=dict)

    def finding(self, way: Way, message: str) -> Finding:
        """Return a finding about the value at `way`, or the nearest one around it that the file has."""
        known = way
        while known and known not in self.lines:
            known = known[:-1]
        return Finding(self.file, self.lines.get(known, 1), place(self.data, way), message)


def read(path: Path) -> Document:
    """Return the document in a file. Raises BrokenDefinition when it is absent, no UTF-8 or no JSON."""
    try:
        if path.stat().st_size > LARGEST:
            raise BrokenDefinition([Finding(path.name, 0, "file", "It is larger than 8 MiB.")])
        text = path.read_text("utf-8")
    except OSError as error:
        raise BrokenDefinition(
            [Finding(path.name, 0, "file", f"It cannot be read: {error.strerror}.")]
        ) from None
    except UnicodeDecodeError as error:
        raise BrokenDefinition(
            [Finding(path.name, 0, "file", f"It is not UTF-8 at byte {error.start}.")]
        ) from None
    return parse(path.name, text)


def parse(file: str, text: str) -> Document:
    """Return the document in `text`. Raises BrokenDefinition for what is no JSON, or a member given twice."""
    try:
        data = json.loads(text, object_pairs_hook=_members, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        reason = f"It is not JSON: {error.msg.lower()} in column {error.colno}."
        raise BrokenDefinition([Finding(file, error.lineno, "file", reason)]) from None
    except (ValueError, RecursionError) as error:
        raise BrokenDefinition([Finding(file, 0, "file", f"It is not JSON: {error}.")]) from None
    return Document(file, data, lines_of(text))


def place(data: Any, way: Way) -> str:
    """Return a way as people read it, elements by handle, event or name: "batches.fields.id.type"."""
    words = []
    for step in way:
        data = _child(data, step)
        named = [data[key] for key in NAMING if isinstance(data, dict) and isinstance(data.get(key), str)]
        words.append(named[0] if isinstance(step, int) and named else str(step))
    return ".".join(words) or "file"


def lines_of(text: str) -> dict[Way, int]:
    """Return the line of every value of a JSON text that `json` accepted, by its way from the top."""
    lines: dict[Way, int] = {}
    way: list[str | int] = []
    line, seen, key_next = 1, 0, False
    for token in TOKEN.finditer(text):
        line, seen = line + text.count("\n", seen, token.start()), token.start()
        sign = token[0]
        if sign in "]}":
            way.pop()
        elif sign == ",":
            key_next = _advance(way)
        elif sign == ":":
            key_next = False
        elif key_next:
            way[-1] = json.loads(sign)
        else:
            lines[tuple(way)] = line
            key_next = sign == "{"
            way.extend(BEGINS.get(sign, []))
    return lines


def _advance(way: list[str | int]) -> bool:
    """Step to the next element or member; tell whether a key comes next."""
    last = way[-1]
    if isinstance(last, int):
        way[-1] = last + 1
    return isinstance(last, str)


def _child(data: Any, step: str | int) -> Any:
    try:
        return data[step]
    except (KeyError, IndexError, TypeError):
        return None


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the member {next(key for key in keys if keys.count(key) > 1)!r} is given twice")
    return members


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")
