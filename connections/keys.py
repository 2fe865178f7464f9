"""The state of the key ring: which keys there are, what each sealed, what a missing one locks."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import F

from connections import crypto, keyfile, resealing
from connections.models import Canary, Connection, Secret
from connections.resealing import KeyIdOf


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


def problems() -> Iterator[str]:
    """Say in sentences what is wrong with the key ring and what it locks."""
    file = keyfile.path()
    if file and (exposed := keyfile.exposure(file)):
        yield exposed
    try:
        found = states()
    except crypto.KeyRingError as error:
        yield str(error)
        return
    for key in found:
        if not key.in_ring:
            names = ", ".join(key.locks) or "nothing that is a connection"
            yield f"The key {key.label} ({key.key_id}) is missing and locks: {names}. Put it back."
        elif key.sealed and not key.proven:
            yield f"The key {key.label} ({key.key_id}) does not open its canary: the database was changed."


def _connections(key_id: str) -> tuple[str, ...]:
    rows = Secret.objects.annotate(key=KeyIdOf(F("sealed"))).filter(key=key_id)
    names = Connection.objects.filter(pk__in=rows.values("connection")).order_by("name")
    return tuple(names.values_list("name", flat=True))
