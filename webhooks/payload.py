"""What a body says: its envelope for the log, its document for the pages, and why it cannot be read.

The bytes are the truth (design.md, decision 4); everything here is a reading of them.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple

import orjson
from django.utils.translation import gettext

from definitions.schema import Webhooks
from definitions.selectors import MISSING, pick
from webhooks.models import Mark

LONGEST_NAME = 256  # characters of a type or an object id that the log keeps
MOST_NAMES = 20  # that stand twice in one object and are told
DEEPEST = 64  # levels that a page or jsonb is asked to hold
LARGEST_VIEW = 256 << 10  # bytes; PostgreSQL's index of words holds no more than 1 MiB of them
HUGE_EXPONENT = re.compile(rb"[eE][+-]?[0-9]{3,}")  # a numeric with that many digits is megabytes in jsonb
ODD_TEXT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")  # NUL, or a surrogate that may stand alone
LATEST = datetime(9999, 1, 1, tzinfo=UTC).timestamp()


class Envelope(NamedTuple):
    """The few facts that the log shows of every event."""

    type: str = ""
    object_id: str = ""
    created_at: float | None = None  # seconds since 1970
    mark: str = ""  # not_json or raw_only when there is nothing to read


def envelope(scheme: Webhooks, headers: Mapping[bytes, bytes], body: bytes) -> Envelope:
    """Return the facts in a body; an unreadable one has none and is marked. Never raises."""
    named = _named(scheme.type_header, headers) if scheme.type_header else ""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Envelope(named, mark=Mark.RAW_ONLY if is_json(body) else Mark.NOT_JSON)
    created = pick(document, scheme.created)
    return Envelope(
        named or _text(pick(document, scheme.type)),
        _text(pick(document, scheme.id)),
        created if type(created) in (int, float) and 0 <= created < LATEST else None,
    )


def _named(type_header: str, headers: Mapping[bytes, bytes]) -> str:
    return _text(headers.get(type_header.lower().encode(), b"").decode("latin-1"))


def moment(seconds: float | None) -> datetime | None:
    """Return the envelope's time as a moment."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def is_json(body: bytes) -> bool:
    """Tell whether a body that orjson refuses is JSON all the same: a lone surrogate, 1e400, much depth."""
    try:
        json.loads(body.decode(), parse_int=str, parse_float=str, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        return isinstance(error, RecursionError)
    return True


@dataclass(frozen=True, slots=True)
class Document:
    """A body as a page shows it: the value, or a sentence that says why there is none."""

    value: Any = MISSING
    problem: str = ""
    duplicate_keys: tuple[str, ...] = ()


def document(body: bytes | None) -> Document:
    """Return what a body holds, numbers as they were written. Never raises."""
    if body is None:
        return Document(problem=gettext("The body is no longer kept."))
    twice: dict[str, None] = {}
    try:
        value = _parsed(body, twice)
    except UnicodeDecodeError as error:
        return Document(
            problem=gettext("It is not UTF-8: byte {start} cannot be read.").format(start=error.start)
        )
    except RecursionError:
        return Document(problem=gettext("It is nested too deeply to be shown; the raw bytes are there."))
    except ValueError as error:
        return Document(
            problem=gettext("It is not JSON: {error}.").format(error=error)
            if body
            else gettext("The body is empty.")
        )
    if depth_exceeds(value, DEEPEST):
        return Document(
            problem=gettext("It is nested more than {deepest} levels deep; the raw bytes are there.").format(
                deepest=DEEPEST
            )
        )
    return Document(_showable(value) if ODD_TEXT.search(body) else value, "", _named_twice(twice))


def _named_twice(names: dict[str, None]) -> tuple[str, ...]:
    told = [_showable(name)[:LONGEST_NAME] for name in islice(names, MOST_NAMES)]
    return (*told, "…") if len(names) > MOST_NAMES else tuple(told)


def _parsed(body: bytes, twice: dict[str, None]) -> Any:
    return json.loads(
        body.decode(),  # a byte order mark stays in the text, and is refused as what it is: no JSON
        parse_int=_integer,
        parse_float=_float,
        parse_constant=_no_constant,
        object_pairs_hook=lambda pairs: _object(pairs, twice),
    )


def subject(scheme: Webhooks, value: Any) -> Any:
    """Return the object that an event is about: what the envelope holds, else the body itself (contract §3,
    4).
    """
    if isinstance(pick(value, scheme.type), str) and isinstance(inner := pick(value, scheme.object), dict):
        return inner
    return value


def view(body: bytes) -> Any | None:
    """Return the document for PostgreSQL's jsonb, or None when it would not survive there."""
    if len(body) > LARGEST_VIEW or HUGE_EXPONENT.search(body) or b"\\u0000" in body:
        return None
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return None if depth_exceeds(value, DEEPEST) else value


def depth_exceeds(value: Any, limit: int) -> bool:
    """Tell whether a document has more than `limit` levels, one level at a time: no recursion."""
    level = [value]
    for _ in range(limit):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True


@dataclass(frozen=True, slots=True)
class Number:
    """A number that Python would change, as it was written: 1e400, 5,000 digits, 0.10."""

    text: str

    def __str__(self) -> str:
        return self.text


def _integer(text: str) -> int | Number:
    return int(text) if len(text) < 1000 else Number(text)  # int() itself refuses more than 4,300 digits


def _float(text: str) -> float | Number:
    return float(text) if repr(float(text)) == text else Number(text)


def _object(pairs: list[tuple[str, Any]], twice: dict[str, None]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        # Counted once: with 150,000 equal names in a megabyte, counting for each took minutes of a worker.
        counts = Counter(name for name, _ in pairs)
        twice.update(dict.fromkeys(name for name, count in counts.items() if count > 1))
    return found


def _showable(value: Any) -> Any:
    """The same document with what no page can hold written out: a lone surrogate as \\ud800, NUL as
    \\u0000.
    """
    if isinstance(value, str):
        return value.replace("\0", "\\u0000").encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_showable(name): _showable(inner) for name, inner in value.items()}
    return [_showable(inner) for inner in value] if isinstance(value, list) else value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _text(value: Any) -> str:
    """A name for the log: text only, cut, without what PostgreSQL cannot hold."""
    return value[:LONGEST_NAME].replace("\0", "\N{SYMBOL FOR NULL}") if isinstance(value, str) else ""
