"""Read a streamed answer (text/event-stream): its events, the words in them, and what they amount to."""

import itertools
import json
from collections.abc import Iterable, Iterator
from typing import Any

from definitions.schema import Stream
from definitions.selectors import MISSING, pick
from definitions.writing import put

LONGEST = 8 << 20  # bytes of one event that never ends; more than any real one


class Events:
    """A parser that is fed the bytes as they come and gives the JSON events that are complete by then."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []

    def feed(self, chunk: bytes) -> list[Any]:
        """Return the events that this chunk completes. What is no JSON, such as `[DONE]`, is left out."""
        *lines, self._rest = (self._rest + chunk).replace(b"\r\n", b"\n").split(b"\n")
        self._rest = self._rest if len(self._rest) < LONGEST else b""
        return [event for line in lines for event in self._line(line)]

    def _line(self, line: bytes) -> Iterator[Any]:
        if line.startswith(b"data:"):
            self._data.append(line[5:].removeprefix(b" "))
        elif not line.strip() and self._data:
            data, self._data = b"\n".join(self._data), []
            yield from _parsed(data)


def words(stream: Stream, event: Any) -> str:
    """Return the piece of text that an event brings, "" when it brings none."""
    found = (pick(event, selector) for selector in stream.text)
    return next((piece for piece in found if isinstance(piece, str)), "")


def whole(stream: Stream, events: Iterable[Any]) -> Any:
    """Return the answer that the events amount to: the one that an event carries, else all of them merged."""
    merged: Any = {}
    text, carried = [], MISSING
    for event in events:
        found = pick(event, stream.document) if stream.document else MISSING
        carried = carried if found is MISSING else found
        merged = _merged(merged, event)
        text.append(words(stream, event))
    if carried is not MISSING:
        return carried
    if stream.into and isinstance(merged, dict):
        put(merged, stream.into, "".join(text))
    return merged


def _parsed(data: bytes) -> Iterator[Any]:
    try:
        yield json.loads(data)
    except (ValueError, RecursionError):
        return


def _merged(into: Any, event: Any) -> Any:
    """Merge objects and lists; of other values the last one that says something counts."""
    if isinstance(into, dict) and isinstance(event, dict):
        return into | {key: _merged(into.get(key), value) for key, value in event.items()}
    if isinstance(into, list) and isinstance(event, list):
        return [_merged(old, new) for old, new in itertools.zip_longest(into, event)]
    return into if event is None else event
