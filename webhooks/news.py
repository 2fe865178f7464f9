"""Tells every process which events are new: after their commit, and once for all that came meanwhile.

A NOTIFY inside the batch's own transaction would hold PostgreSQL's one lock for it until the disk has
answered, so that no two batches could be at the disk at once. If this process ends in between, its own
pages are gone with it, and those of others look back when they come again.
"""

import asyncio
import logging

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from live import postgres
from live.hub import CHANNEL

PATIENCE = 4.0  # seconds
PAUSE = (
    0.05  # seconds in which further events are told together; live pages are flushed every 0.1 s when busy
)

log = logging.getLogger(__name__)


class News:
    """The ids that nobody has been told of yet, and the task that tells them."""

    def __init__(self, connect: postgres.Connect = postgres.connect) -> None:
        self._connect = connect
        self._connection: AsyncConnection[TupleRow] | None = None
        self._range: tuple[int, int] | None = None
        self._task: asyncio.Task[None] | None = None

    def tell(self, low: int, high: int) -> None:
        """Say that there are new events between these ids."""
        known = self._range or (low, high)
        self._range = min(known[0], low), max(known[1], high)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="door news")

    async def close(self) -> None:
        """Tell what is left and let go of the connection."""
        if self._task is not None:
            await self._task
        if self._connection is not None:
            await self._connection.close()

    async def _run(self) -> None:
        while self._range:
            (low, high), self._range = self._range, None
            try:
                async with asyncio.timeout(PATIENCE):
                    await self._notify(f"log evt {low} {high}")
            except (psycopg.Error, OSError, TimeoutError) as error:
                log.warning("Live pages could not be told of new events: %s", error)
                connection, self._connection = self._connection, None
                if connection is not None:
                    await connection.close()
            await asyncio.sleep(PAUSE)

    async def _notify(self, text: str) -> None:
        if self._connection is None:
            self._connection = await self._connect("news")
        await self._connection.execute("SELECT pg_notify(%s, %s)", [CHANNEL, text])
