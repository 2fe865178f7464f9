"""Which refused deliveries share a row, so that neither the disk nor the page drowns in a flood.

Alike are those of one cause, endpoint, peer and minute. Where a corrected secret could still turn a refusal
into an event, each webhook-id has a row of its own, for the first twenty of such a group: the rest is a
flood.
"""

import hashlib
from functools import lru_cache
from uuid import UUID

Alike = tuple[UUID | None, str, str, int]  # connection, cause, peer, minute
KEPT_APART = 20
VERIFIABLE = frozenset({"too_old", "too_new", "no_secret", "bad_signature", "disabled"})


class Slots:
    """The rows of the current minute."""

    def __init__(self) -> None:
        self._minute = 0
        self._apart: dict[Alike, set[str]] = {}

    def slot(self, connection_id: UUID | None, cause: str, peer: str, at: float, delivery_id: str) -> UUID:
        """Return the name of the row for a refusal at `at`; it is the same in every process."""
        minute = int(at // 60)
        if minute != self._minute:
            self._minute, self._apart = minute, {}
        alike = (connection_id, cause, peer, minute)
        apart = delivery_id if cause in VERIFIABLE and self._has_room(alike, delivery_id) else ""
        return _named(alike, apart)

    def _has_room(self, alike: Alike, delivery_id: str) -> bool:
        known = self._apart.setdefault(alike, set())
        if len(known) < KEPT_APART:
            known.add(delivery_id)
        return delivery_id in known


@lru_cache(maxsize=1024)  # a flood asks for the same name again and again
def _named(alike: Alike, apart: str) -> UUID:
    connection_id, *rest = alike
    said = repr((str(connection_id), *rest, apart))
    return UUID(bytes=hashlib.blake2b(said.encode(), digest_size=16).digest())
