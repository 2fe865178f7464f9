"""One open page: what it wants to see, the line its bytes go to, and when it reads too slowly to be kept.

A line is what the server writes with, an asyncio transport: a thousand pages are a thousand writes of the
same bytes, and no task wakes for any. What a page has not read yet waits in its line's buffer.
"""

import asyncio
import struct
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass
from socket import SO_LINGER, SOL_SOCKET
from typing import Any, NamedTuple, Protocol

from live.topics import Frame, Sight, Topic, visible

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

BACKLOG = (
    1 << 20
)  # bytes that may wait for one page; more, and the page is cut off and comes back for the rest

NO_LINGER = struct.pack("ii", 1, 0)  # of SO_LINGER: no seconds


class Line(Protocol):
    """What an asyncio transport offers, as far as it is needed here."""

    def write(self, data: bytes, /) -> None:
        """Send the bytes, or keep them until the page has read what came before."""

    def get_write_buffer_size(self) -> int:
        """Return how many bytes wait."""

    def is_closing(self) -> bool:
        """Tell whether nothing can be sent any more."""

    def abort(self) -> None:
        """Close it at once: to close it in order would wait for ever until all was read."""

    def get_extra_info(self, name: str, /) -> Any:
        """Return the socket where there is one."""


class View(NamedTuple):
    """What a page sees: those with equal ones get the very same bytes."""

    wants: frozenset[tuple[str, frozenset[str]]]  # the items of its filter
    sight: Sight

    @property
    def among(self) -> Sight:
        """The connections of whose frames it can show some; None: all."""
        wanted = dict(self.wants).get("connection")
        seen = None if self.sight is None else self.sight | {""}
        return wanted if seen is None else seen if wanted is None else seen & wanted

    def share(self, topic: Topic, frames: Sequence[Frame]) -> tuple[str, bytes]:
        """Return what of these frames it shows, as one chunk, and the last id among them."""
        wanted = dict(self.wants)
        shown = [frame for frame in frames if visible(frame, self.sight) and topic.agrees(frame, wanted)]
        last = next((frame.id for frame in reversed(shown) if frame.id), "")
        return last, chunk(b"".join(frame.encode() for frame in shown))


@dataclass(eq=False, slots=True)
class Viewer:
    """A page that listens to one topic."""

    key: str  # of its session
    person: object  # the person's primary key
    view: View
    last_id: str  # of the frames it got: where to go on after a gap
    line: Line

    def offer(self, last_id: str, chunk: bytes) -> None:
        """Send a share, unless the page is gone or too far behind."""
        if self.line.is_closing() or not chunk:
            return
        if self.line.get_write_buffer_size() > BACKLOG:
            self.cut_off()
            return
        self.last_id = last_id or self.last_id
        self.line.write(chunk)

    def cut_off(self) -> None:
        """End it with a reset: else the system would keep what waits, megabytes, for who never reads it."""
        socket = self.line.get_extra_info("socket")
        if socket is not None:
            socket.setsockopt(SOL_SOCKET, SO_LINGER, NO_LINGER)
        self.line.abort()


def chunk(body: bytes) -> bytes:
    """Return the bytes as HTTP/1.1 sends them when it does not know how many will follow."""
    return b"%x\r\n%b\r\n" % (len(body), body) if body else b""


class PlainLine:
    """A line of a server that offers no transport: what ASGI's `send` has not taken yet waits here."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self._waiting: list[bytes] = []
        self._writing: asyncio.Task[None] | None = None
        self._cut = asyncio.get_running_loop().create_future()

    def write(self, data: bytes, /) -> None:
        """Let a task send it, without the chunk's frame: that is the server's."""
        self._waiting.append(data[data.index(b"\n") + 1 : -2])
        if self._writing is None or self._writing.done():
            self._writing = asyncio.ensure_future(self._write())

    async def _write(self) -> None:
        while self._waiting:
            await self._send({"type": "http.response.body", "body": self._waiting[0], "more_body": True})
            del self._waiting[0]

    def get_write_buffer_size(self) -> int:
        """Return how many bytes wait."""
        return sum(map(len, self._waiting))

    def is_closing(self) -> bool:
        """Tell whether it was cut off, or its page has left."""
        return self._cut.done()

    def get_extra_info(self, name: str, /) -> Any:
        """Return nothing: the server keeps its socket for itself."""

    def abort(self) -> None:
        """Send nothing more, and say that the page is gone."""
        if self._writing:
            self._writing.cancel()
        if not self._cut.done():
            self._cut.set_result(None)

    async def receive(self) -> MutableMapping[str, Any]:
        """Return what the server says next, or the same as it does when a page is gone."""
        heard = asyncio.ensure_future(self._receive())
        try:
            await asyncio.wait((heard, self._cut), return_when=asyncio.FIRST_COMPLETED)
            return {"type": "http.disconnect"} if self._cut.done() else heard.result()
        finally:
            heard.cancel()
