"""Refused and repeated deliveries: counted in memory, written a moment later, apart from the inbox.

They have their own connection and their own bounds, so that a flood of them never costs an accepted
delivery its place or its time (threats.md, I-80).
"""

import asyncio
import logging
import time
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from django.db import DataError, Error, transaction

from audit import ids
from connections import endpoints
from live.reader import Reader
from webhooks import refusals, repeats
from webhooks.deliveries import Delivery, Refused
from webhooks.slots import Slots

PAUSE = 0.1  # seconds between two writings
MOST_PENDING = 2_000  # rows in memory; what is new beyond that is counted with its kind
TOUCH = 10.0  # seconds between two notes of when a secret was last used

log = logging.getLogger(__name__)

Refusals = dict[UUID, refusals.Refusal]
Repeats = dict[repeats.Key, repeats.Repeat]


class Tally:
    """What one event loop has to write beside the inbox."""

    def __init__(self, touch: float = TOUCH) -> None:
        """Note at most every `touch` seconds when secrets were last used."""
        self._touch = touch
        self._reader = Reader("tally")
        self._slots = Slots()
        self._refusals: Refusals = {}
        self._repeats: Repeats = {}
        self._used: dict[UUID, float] = {}
        self._touched = -touch  # on the loop's clock
        self._touching: asyncio.TimerHandle | None = None
        self._due = False  # uses are to be written now
        self._task: asyncio.Task[None] | None = None

    def refuse(self, delivery: Delivery, connection_id: UUID | None, refused: Refused) -> None:
        """Count a refused delivery; the first of its kind is kept as the sample."""
        name = refused.delivery_id if len(self._refusals) < MOST_PENDING else ""
        slot = self._slots.slot(connection_id, refused.cause, delivery.peer, delivery.at, name)
        known = self._refusals.get(slot)
        if known is None:
            known = refusals.Refusal(ids.new_id(delivery.at), slot, connection_id, refused, delivery)
            self._refusals[slot] = known
        known.count += 1
        known.last_at = delivery.at
        self._wake()

    def repeat(self, connection_id: UUID, delivery_id: str, digest: bytes) -> None:
        """Count a delivery whose id is known already."""
        known = self._repeats.setdefault((connection_id, delivery_id), repeats.Repeat())
        known.add(repeats.Repeat(1, time.time(), {digest}))
        self._wake()

    def used(self, secret_id: UUID) -> None:
        """Note that this secret verified a delivery just now."""
        self._used[secret_id] = time.time()
        if self._touching is None and not self._due:
            at = self._touched + self._touch
            self._touching = asyncio.get_running_loop().call_at(at, self._tell_of_use)

    async def close(self) -> None:
        """Write what waits and let go of the connection to the database."""
        if self._touching is not None:
            self._touching.cancel()
            self._tell_of_use()
        if self._task is not None:
            await self._task
        await self._reader.close()

    def _wake(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="door tally")

    async def _run(self) -> None:
        """Write what there is; what cannot be written waits for the database to come back."""
        while self._refusals or self._repeats or self._due:
            await asyncio.sleep(PAUSE)
            refused, self._refusals = self._refusals, {}
            repeated, self._repeats = self._repeats, {}
            try:
                await self._reader.ask(partial(_write, list(refused.values()), repeated, self._take_used()))
            except (Error, OSError) as error:
                log.warning("Refused deliveries wait for the database: %s", error)
                self._put_back(refused, repeated)
                await asyncio.sleep(1)

    def _tell_of_use(self) -> None:
        self._touching, self._due = None, True
        self._wake()

    def _take_used(self) -> dict[UUID, datetime]:
        if not self._due:
            return {}
        used, self._used, self._due = self._used, {}, False
        self._touched = asyncio.get_running_loop().time()
        return {secret_id: datetime.fromtimestamp(at, UTC) for secret_id, at in used.items()}

    def _put_back(self, refused: Refusals, repeated: Repeats) -> None:
        for slot, newer in self._refusals.items():
            older = refused.setdefault(slot, newer)
            if older is not newer:
                older.count += newer.count
        for key, repeat in self._repeats.items():
            repeated.setdefault(key, repeats.Repeat()).add(repeat)
        self._refusals, self._repeats = refused, repeated


@transaction.atomic
def _write(refused: list[refusals.Refusal], repeated: Repeats, used: dict[UUID, datetime]) -> None:
    if refused:
        _write_refused(refused)
    repeats.write(repeated)
    endpoints.touch(used)


def _write_refused(refused: list[refusals.Refusal]) -> None:
    """Write the rows; one that the database cannot hold is dropped, because all others wait behind it.

    Found by benchmarks/fuzz: a claimed length of 99,999,999,999 bytes kept all later refusals out.
    """
    try:
        refusals.write(refused)
    except (DataError, UnicodeError) as error:
        if len(refused) == 1:
            log.warning("A refused delivery cannot be kept: %s", error)
            return
        for one in refused:
            _write_refused([one])
