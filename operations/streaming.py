"""Shows the words of a streamed answer as they come: read off the events, written down a few times a
second."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

from definitions import streams
from live import hub
from operations.outbound import Listener
from operations.preparing import Prepared
from operations.reading import storable

EVERY = 0.3  # seconds between two writes: fluent to read, and three small updates a second
MOST = 64 << 10  # characters shown while it comes


Ask = Callable[[Callable[[], None]], Awaitable[None]]


def listener(prepared: Prepared, update: Callable[..., bool], run_id: int, ask: Ask) -> Listener | None:
    """Return what takes the pieces of a text/event-stream in, or None when the operation does not stream.

    `update` changes the run's row if it is still ours; `ask` has a function called that may use the
    database."""
    return Words(prepared, update, run_id, ask).hear if prepared.operation.stream else None


class Words:
    """The words so far, and when they were last written down."""

    def __init__(self, prepared: Prepared, update: Callable[..., bool], run_id: int, ask: Ask) -> None:
        """Take what `listener` takes."""
        self.stream, self.redactor = prepared.operation.stream, prepared.permit.redactor
        self.update, self.run_id, self.ask = update, run_id, ask
        self.events = streams.Events()
        self.text = ""
        self.written = 0.0

    async def hear(self, chunk: bytes) -> None:
        """Take one piece of the answer in."""
        found = self.events.feed(chunk)
        if self.stream is None or not found or len(self.text) > MOST:
            return
        self.text += "".join(streams.words(self.stream, event) for event in found)
        if time.monotonic() - self.written >= EVERY:
            await self.ask(self.write)

    def write(self) -> None:
        """Write the words down and tell the pages."""
        self.written = time.monotonic()
        values: dict[str, Any] = {"partial": storable(self.redactor.text(self.text))[:MOST]}
        if self.update(**values):
            hub.publish("run", self.run_id)
