"""One topic in one process: news becomes frames once, and every page that listens gets its share."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial

from django.utils import translation

from live.hub import MISSED, Hub
from live.reader import Reader, Shared
from live.topics import Frame, Topic, Wanted
from live.viewers import Viewer

# Seconds: news is sent at once when it is quiet, and then after a rest as long as the sending took, for the
# loop is the door's, too. More rows than a few mean that it is busy, and what follows goes together.
BUSY, FEW, LONGEST = 0.1, 3, 0.5
MOST_KEYS = 500  # of one flush; what a flood adds beyond is read again by the pages' next `since`

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

    async def catch_up(self, viewer: Viewer) -> None:
        """Give the viewer what it has not seen: when it comes, and after news may have been missed."""
        key = viewer.last_id, viewer.wants
        frames = await self._looking.ask(key, partial(self._since, viewer.last_id, viewer.wanted))
        viewer.offer(*viewer.share(frames))

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
            await asyncio.sleep(0)  # the pages' own tasks write meanwhile
            rest = max(loop.time() - began, BUSY if count > FEW else 0)
            await asyncio.sleep(min(rest, LONGEST))

    async def _flush(self, keys: tuple[str, ...]) -> int:
        """Tell every page; return how many frames there were, or keys when there were more."""
        frames: Sequence[Frame] = ()
        try:
            if MISSED in keys:
                await self._look_again()
            told = [key for key in keys if key != MISSED]
            if told:
                frames = await reader.ask(partial(self._rendered, told))
                self._fan_out(frames)
        except Exception:  # one row that cannot be rendered must not silence the topic
            log.exception("News of the live line could not be rendered.")
        return max(len(frames), len(keys))

    async def _look_again(self) -> None:
        """After a gap nobody knows what was missed, so every page gets what came since its last frame."""
        await asyncio.gather(*(self.catch_up(viewer) for viewer in tuple(self.viewers)))

    def _fan_out(self, frames: Sequence[Frame]) -> None:
        """Pages with the same filter and the same sight get the very same bytes."""
        shares: dict[tuple[object, object], tuple[str, bytes]] = {}
        for viewer in self.viewers:
            key = viewer.wants, viewer.sight
            if key not in shares:
                shares[key] = viewer.share(frames)
            viewer.offer(*shares[key])

    def _rendered(self, keys: list[str]) -> list[Frame]:
        with translation.override(self.language):
            return list(self.topic.render(keys))

    def _since(self, last_id: str, wanted: Wanted) -> list[Frame]:
        with translation.override(self.language):
            return list(self.topic.since(last_id, wanted))
