"""One open page: what it wants to see, what it has not read yet, and when it is too slow to be kept."""

import asyncio
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from live.topics import Frame, Sight, Topic, Wanted, visible

BACKLOG = (
    1 << 20
)  # bytes that may wait for one page; more, and the page is cut off and comes back for the rest


@dataclass(eq=False, slots=True)
class Viewer:
    """A page that listens to one topic."""

    person: object  # the person's primary key
    topic: Topic
    wanted: Wanted
    sight: Sight
    last_id: str = ""  # of the frames it got: where to go on after a gap
    waiting: list[bytes] = field(default_factory=list)
    size: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)
    slow: asyncio.Event = field(default_factory=asyncio.Event)  # set: cut it off

    def shows(self, frame: Frame) -> bool:
        """Tell whether this page shows the frame."""
        return visible(frame, self.sight) and self.topic.agrees(frame, self.wanted)

    @property
    def wants(self) -> Hashable:
        """What it wants to see as a key: pages with equal ones see the same."""
        return frozenset(self.wanted.items())

    def share(self, frames: Sequence[Frame]) -> tuple[str, bytes]:
        """Return what of these frames the page shows, as bytes, and the last id among them."""
        shown = [frame for frame in frames if self.shows(frame)]
        last = next((frame.id for frame in reversed(shown) if frame.id), "")
        return last, b"".join(frame.encode() for frame in shown)

    def offer(self, last_id: str, encoded: bytes) -> None:
        """Put the bytes of some frames among what the page will read next."""
        if self.slow.is_set() or not encoded:
            return
        self.last_id = last_id or self.last_id
        self.size += len(encoded)
        self.waiting.append(encoded)
        if self.size > BACKLOG:
            self.slow.set()
        self.news.set()

    async def read(self, patience: float) -> bytes:
        """Return everything that waits, or b"" when nothing came within `patience` seconds."""
        try:
            async with asyncio.timeout(patience):
                await self.news.wait()
        except TimeoutError:
            return b""
        self.news.clear()
        read, self.waiting, self.size = b"".join(self.waiting), [], 0
        return read
