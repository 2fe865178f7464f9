"""One topic in one process: news becomes frames once, and every page that listens gets its share."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from django.utils import translation

from live.hub import MISSED, Hub
from live.reader import Reader, Shared
from live.topics import Frame, Sight, Topic
from live.viewers import View, Viewer, chunk

# Seconds: news is sent at once when it is quiet, and then after a rest twice as long as the sending took, for
# the loop is the door's, too. More rows than a few mean that it is busy, and flushes begin BUSY apart.
BUSY, FEW, LONGEST = 0.1, 3, 0.5
# Pages that are written to before the door has its turn. Beside 1,000 pages with 10 events a second it takes
# 0.95 of that when ten are written to at a time, and 0.81 when all are.
IN_A_ROW = 50
PING = chunk(b": ping\n\n")
MOST_KEYS = 500  # of one flush; what a flood adds beyond is read again by the pages' next `since`

Shares = Mapping[View, tuple[str, bytes]]  # the last id and the chunk, by what a page sees
NOTHING = ("", b"")

log = logging.getLogger(__name__)
# However many pages are open, one connection reads for them.
reader = Reader("live")


class Channel:
    """Everyone who listens to one topic in one language here, and the task that renders for them
    while there is anyone."""

    def __init__(self, topic: Topic, language: str) -> None:
        self.topic = topic
        self.language = language
        self.viewers: set[Viewer] = set()
        self._keys: dict[str, None] = {}  # in order, each once
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stop: Callable[[], None] | None = None
        self._looking = Shared(reader)

    def join(self, viewer: Viewer, name: str, hub: Hub) -> None:
        """Let the viewer listen; the first one starts the work."""
        self.viewers.add(viewer)
        if self._stop is None:
            self._stop = hub.listen(name, self._heard)
            self._task = asyncio.get_running_loop().create_task(self._run(), name=f"live {name}")

    def leave(self, viewer: Viewer) -> None:
        """Let the viewer go; the last one ends the work."""
        self.viewers.discard(viewer)
        if not self.viewers and self._stop and self._task:
            self._stop()
            self._task.cancel()
            self._stop = None
            self._keys.clear()

    async def catch_up(self, viewers: Iterable[Viewer]) -> None:
        """Give these what they have not seen: when they come, and after news may have been missed."""
        alike = defaultdict(list)
        for viewer in viewers:
            alike[viewer.last_id, viewer.view].append(viewer)
        for (last_id, view), those in alike.items():
            find = partial(self.topic.since, last_id, dict(view.wants))
            work = partial(self._shares, find, {view})
            _, shares = await self._looking.ask((last_id, view), work)
            await self._tell(those, shares)

    def sessions(self) -> dict[str, list[Viewer]]:
        """Return the open pages by their sessions."""
        pages = defaultdict(list)
        for viewer in self.viewers:
            pages[viewer.key].append(viewer)
        return pages

    async def ping(self) -> None:
        """Send every page a comment, which keeps proxies from closing a quiet line."""
        await self._tell(self.viewers, {viewer.view: ("", PING) for viewer in self.viewers})

    def _heard(self, key: str) -> None:
        if len(self._keys) < MOST_KEYS or key == MISSED:
            self._keys[key] = None
            self._news.set()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._news.wait()
            self._news.clear()
            keys, self._keys = tuple(self._keys), {}
            began = loop.time()
            count = await self._flush(keys)
            took = loop.time() - began
            await asyncio.sleep(min(max(2 * took, BUSY - took if count > FEW else 0), LONGEST))

    async def _flush(self, keys: tuple[str, ...]) -> int:
        """Tell every page; return how many frames there were, or keys when there were more."""
        found = 0
        try:
            if MISSED in keys:
                await self.catch_up(self.viewers)
            told = [key for key in keys if key != MISSED]
            if told:
                views = {viewer.view for viewer in self.viewers}
                find = partial(self.topic.render, told, _among(views))
                found, shares = await reader.ask(partial(self._shares, find, views))
                await self._tell(self.viewers, shares)
        except Exception:  # one row that cannot be rendered must not silence the topic
            log.exception("News of the live line could not be rendered.")
        return max(found, len(keys))

    def _shares(self, find: Callable[[], Iterable[Frame]], views: set[View]) -> tuple[int, Shares]:
        """Find frames and draw those that somebody sees, in the reader's thread."""
        with translation.override(self.language):
            frames = list(find())
            return len(frames), {view: view.share(self.topic, frames) for view in views}

    async def _tell(self, viewers: Iterable[Viewer], shares: Shares) -> None:
        """Write to each page what it sees. Whose view was not asked for looks back by itself."""
        for number, viewer in enumerate(tuple(viewers), 1):
            viewer.offer(*shares.get(viewer.view, NOTHING))
            if number % IN_A_ROW == 0:
                await asyncio.sleep(0)


def _among(views: Iterable[View]) -> Sight:
    """Return the connections that somebody looks at; None: all."""
    among: frozenset[str] = frozenset()
    for view in views:
        if view.among is None:
            return None
        among |= view.among
    return among
