"""News between processes: published in the transaction that makes them true, heard by one listener a process.

hub.publish("run", run.pk)             # in any room, inside the transaction: heard only if it commits
stop = hub.hub().listen("run", heard)  # in an event loop; heard("17") for each, heard(MISSED) after a gap
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from weakref import WeakKeyDictionary

import psycopg
from django.db import connection
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from live import postgres

CHANNEL = "switchboard"
MISSED = ""  # the key that listeners hear after a lost connection: look for yourselves what is new
FIRST_WAIT, LONGEST_WAIT = 0.1, 5.0  # seconds between tries to connect again, doubling
QUIET = 15.0  # seconds without news after which the connection is asked whether it still lives
PATIENCE = 5.0  # seconds that it has for the answer; a frozen server keeps its socket open

log = logging.getLogger(__name__)

Heard = Callable[[str], None]


def publish(topic: str, *keys: object) -> None:
    """Tell every process, once the current transaction commits, that these keys of `topic` changed.

    The same news twice in one transaction is told once. Keys are ids, never content: NOTIFY carries
    8,000 bytes.
    """
    with connection.cursor() as cursor:
        told = [f"{topic} {key}" for key in keys]
        cursor.execute("SELECT pg_notify(%s, told) FROM unnest(%s::text[]) AS told", [CHANNEL, told])


class Hub:
    """The one LISTEN of an event loop: who wants to hear of what, and a task that keeps listening."""

    def __init__(self, connect: postgres.Connect = postgres.connect) -> None:
        self._connect = connect
        self._listeners: dict[str, set[Heard]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None
        self.connected = asyncio.Event()

    def listen(self, topic: str, heard: Heard) -> Callable[[], None]:
        """Call `heard(key)` in this loop for all news of `topic`, until the returned function is called."""
        self._listeners[topic].add(heard)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run(), name="live hub")
        return lambda: self._listeners[topic].discard(heard)

    async def close(self) -> None:
        """Stop listening; for tests, a server just ends."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        wait = FIRST_WAIT
        while True:
            try:
                async with await self._connect("live") as listening:
                    await listening.execute(f"LISTEN {CHANNEL}")
                    self._tell_all(MISSED)
                    self.connected.set()
                    wait = FIRST_WAIT
                    await self._hear(listening)
            except (psycopg.Error, OSError, TimeoutError) as error:
                log.warning("The live line to the database is down, trying again in %.1f s: %s", wait, error)
            self.connected.clear()
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)

    async def _hear(self, listening: AsyncConnection[TupleRow]) -> None:
        while True:
            async for news in listening.notifies(timeout=QUIET):
                topic, _, key = news.payload.partition(" ")
                self._tell(topic, key)
            async with asyncio.timeout(PATIENCE):
                await listening.execute("SELECT 1")

    def _tell(self, topic: str, key: str) -> None:
        for heard in tuple(self._listeners.get(topic, ())):
            heard(key)

    def _tell_all(self, key: str) -> None:
        for topic in tuple(self._listeners):
            self._tell(topic, key)


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """Return the hub of the running event loop, made on first use."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())
