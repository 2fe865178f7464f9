"""A thread with a database connection of its own, for what an event loop wants to ask the ORM."""

import asyncio
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.db import close_old_connections, connections

Answer = TypeVar("Answer")


class Reader:
    """One thread and one connection, however many tasks of the loop are asking: they wait in line.

    Django's own way (`sync_to_async`) would lend each task a connection until its response ends.
    """

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def ask(self, work: Callable[[], Answer]) -> Answer:
        """Run `work`, which may use the ORM, in this reader's thread and return what it returns."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, _fresh, work)

    async def close(self) -> None:
        """Close the connection and end the thread."""
        await self.ask(connections.close_all)
        self._thread.shutdown()


class Shared:
    """Questions that many ask at once: whoever asks before an answer is being looked for shares it.

    After a restart all pages come back within a second and ask the same. An answer that was looked for before
    somebody asked would not do: what happened in between would be missed.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._turn = asyncio.Lock()
        self._asked: dict[Hashable, asyncio.Task[Any]] = {}

    async def ask(self, key: Hashable, work: Callable[[], Answer]) -> Answer:
        """Return what `work` returns, run once for all who wait under this key."""
        if key not in self._asked:
            self._asked[key] = asyncio.ensure_future(self._find(key, work))
        found: Answer = await asyncio.shield(self._asked[key])
        return found

    async def _find(self, key: Hashable, work: Callable[[], Answer]) -> Answer:
        async with self._turn:
            del self._asked[key]
            return await self._reader.ask(work)


def _fresh(work: Callable[[], Answer]) -> Answer:
    close_old_connections()  # a connection that failed or grew old is opened again
    return work()
