"""Group commit: what arrives together is written in one transaction, and answered once it is on disk.

While one batch is at the disk the next one fills, so there is no timer and no added wait. One transaction
each makes 2,700 deliveries a second on two cores (performance.md); what this makes is in
docs/decisions.md.
"""

import asyncio
import logging
from collections.abc import Callable
from enum import Enum

import psycopg

from live import postgres
from webhooks import limits
from webhooks.arrivals import Arrival
from webhooks.directory import LOOK, Away
from webhooks.store import Store

MOST_ROWS, MOST_BYTES = 256, 4 << 20  # of one transaction
MOST_WAITING = 64 << 20  # bytes in memory; more is turned away at once
# Another batch sets out while one is at the disk, but only when so many wait: a small one costs as much as
# a large one.
STORES, ENOUGH = 3, 6

log = logging.getLogger(__name__)


class Fate(Enum):
    """What became of an arrival: on the disk as a new event, there before, or not stored."""

    NEW = "new"
    REPEATED = "repeated"
    AWAY = "away"


Waiting = tuple[Arrival, Callable[[Fate], None]]
Told = Callable[[int, int], None]


class Inbox:
    """The deliveries of one event loop that wait for their commit, and the tasks that write them."""

    def __init__(
        self, told: Told = lambda low, high: None, connect: postgres.Connect = postgres.connect
    ) -> None:
        """Take who wants to hear of the first and last id of each batch of new events."""
        self._told = told
        self._stores = [Store(connect) for _ in range(STORES)]
        self._idle = list(self._stores)
        self._waiting: list[Waiting] = []
        self._size = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._said = limits.Window(limits.TOLD)

    def put(self, arrival: Arrival, settle: Callable[[Fate], None]) -> None:
        """Call `settle` once it is known what became of the arrival. Raises Away when too many wait."""
        if self._size + len(arrival.body) > MOST_WAITING:
            raise Away("Too much waits for the database already: see what slows PostgreSQL or its disk.")
        self._waiting.append((arrival, settle))
        self._size += len(arrival.body)
        if self._idle and self._is_worth_it(busy=STORES - len(self._idle)):
            task = asyncio.create_task(self._flush(self._idle.pop()), name="door inbox")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Write what waits and let go of the connections to the database."""
        await asyncio.gather(*self._tasks)
        for store in self._stores:
            await store.close()

    def _is_worth_it(self, *, busy: int) -> bool:
        """Whoever is alone takes what there is; beside others a batch must be worth its fixed cost."""
        return len(self._waiting) >= (ENOUGH if busy else 1)

    async def _flush(self, store: Store) -> None:
        """Write batch after batch while there is enough for one."""
        try:
            while self._is_worth_it(busy=STORES - len(self._idle) - 1):
                await self._settle(store, self._take())
        finally:
            self._idle.append(store)

    def _take(self) -> list[Waiting]:
        """Return what fits into one transaction."""
        size = count = 0
        for arrival, _ in self._waiting[:MOST_ROWS]:
            size += len(arrival.body)
            if count and size > MOST_BYTES:
                size -= len(arrival.body)
                break
            count += 1
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        self._size -= size
        return taken

    async def _settle(self, store: Store, batch: list[Waiting]) -> None:
        """Write a batch and answer everyone in it, whatever happens."""
        try:
            await self._write(store, batch)
        except (psycopg.DataError, psycopg.IntegrityError, UnicodeError) as error:
            await self._one_by_one(store, batch, error)
        except (psycopg.Error, OSError) as error:
            self._give_up(batch, error)

    async def _write(self, store: Store, batch: list[Waiting]) -> None:
        fresh = await store.write([arrival for arrival, _ in batch])
        if fresh:
            self._told(min(fresh), max(fresh))
        for arrival, settle in batch:
            settle(Fate.NEW if arrival.id in fresh else Fate.REPEATED)

    async def _one_by_one(self, store: Store, batch: list[Waiting], error: Exception) -> None:
        """A row that the database cannot hold must not cost its neighbours their place."""
        if len(batch) == 1:
            self._give_up(batch, error)
            return
        for one in batch:
            await self._settle(store, [one])

    def _give_up(self, batch: list[Waiting], error: Exception) -> None:
        """Let the senders come again: those of the batch, and who waited for it while nothing was answered.

        What a frozen database had taken already may still be committed; its repeat is then a duplicate.
        """
        if isinstance(error, psycopg.errors.OperationalError) and error.sqlstate is None:
            batch, self._waiting, self._size = batch + self._waiting, [], 0
        if self._said.count(type(error).__name__) == 1:
            first, why = batch[0][0].path, f"{type(error).__name__}: {error}"
            log.warning("%d deliveries (one for %s) are answered 503. %s: %s", len(batch), first, why, LOOK)
        for _, settle in batch:
            settle(Fate.AWAY)
