"""The state of the key ring: which keys there are, what each sealed, what a missing one locks."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext_noop

from audit.models import Entry
from connections import crypto, keyfile, resealing
from connections.connecting import SEALED, SEALING
from connections.models import Canary, Connection, Secret
from connections.resealing import KeyIdOf

MISSING = gettext_noop("The key {label} ({id}) is missing and locks: {names}. Put it back.")
BACK = gettext_noop(
    "A secret of “{connection}” is older than the audit trail says: somebody put its row back in the "
    "database. Enter it again, and change it at the service."
)
STRANGE = gettext_noop("The key {label} ({id}) does not open its canary: the database was changed.")


@dataclass(frozen=True, slots=True)
class KeyState:
    """One key that is in the ring or that sealed something here."""

    label: str
    key_id: str  # eight hex digits, derived from the key: its fingerprint
    in_ring: bool
    current: bool
    proven: bool  # it opened the canary that it sealed once
    sealed: int
    locks: tuple[str, ...]  # the connections that cannot be used without it


def plant() -> None:
    """Seal a canary by every key of the ring that has none yet. Raises KeyRingError."""
    Canary.objects.plant(crypto.ring())


def states() -> tuple[KeyState, ...]:
    """Return the keys of the ring, newest first, then those that are missing. Raises KeyRingError."""
    ring = crypto.ring()
    canaries = {canary.key_id: canary for canary in Canary.objects.all()}
    counts: dict[str, int] = {}
    for store in resealing.stores():
        for key_id, count in store.counts().items():
            counts[key_id] = counts.get(key_id, 0) + count
    known = [key.id.hex() for key in ring.keys]
    labels = {key_id: canary.label for key_id, canary in canaries.items()}
    labels |= {key.id.hex(): key.label for key in ring.keys}
    missing = [key_id for key_id in sorted(counts) if key_id not in known]
    return tuple(
        KeyState(
            label=labels.get(key_id, "?"),
            key_id=key_id,
            in_ring=key_id in known,
            current=key_id == known[0],
            proven=key_id in known and key_id in canaries and canaries[key_id].opens(),
            sealed=counts.get(key_id, 0),
            locks=_connections(key_id) if key_id in missing else (),
        )
        for key_id in [*known, *missing]
    )


def problems(found: tuple[KeyState, ...] = ()) -> Iterator[str]:
    """Say in sentences what is wrong with the key ring and what it locks; `found`: its states, if known."""
    file = keyfile.path()
    if file and (exposed := keyfile.exposure(file)):
        yield exposed
    try:
        found = found or states()
    except crypto.KeyRingError as error:
        yield str(error)
        return
    for key in found:
        if not key.in_ring:
            yield MISSING.format(label=key.label, id=key.key_id, names=", ".join(key.locks) or "–")
        elif key.sealed and not key.proven:
            yield STRANGE.format(label=key.label, id=key.key_id)
    yield from rolled_back()


def rolled_back() -> Iterator[str]:
    """Name the connections whose secrets are older rows than the audit trail knows (threats.md, T20).

    A ciphertext put back alone does not open; a whole row put back does. But versions only grow, and the
    trail, to which the application's role can only add, says how far they were.
    """
    told = Entry.objects.filter(target_type="connection", action__in=SEALING, after__contains=f'"{SEALED}": ')
    newest = told.order_by("target_id", "-id").distinct("target_id").values_list("target_id", "after")
    known = {connection: json.loads(after)[SEALED] for connection, after in newest}
    rows = Secret.objects.filter(connection__deleted_at=None)
    older: dict[UUID, str] = {}
    for secret, version, key, name in rows.values_list("pk", "version", "connection", "connection__name"):
        versions = known.get(str(key))
        if versions is not None and version < versions.get(str(secret), version + 1):
            older[key] = name
    for connection in older.values():
        yield BACK.format(connection=connection)


def _connections(key_id: str) -> tuple[str, ...]:
    rows = Secret.objects.annotate(key=KeyIdOf(F("sealed"))).filter(key=key_id)
    names = Connection.objects.filter(pk__in=rows.values("connection")).order_by("name")
    return tuple(names.values_list("name", flat=True))
