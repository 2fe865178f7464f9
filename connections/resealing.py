"""Sealing again what older keys sealed, in batches: each is one transaction, so that a kill loses nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from django.conf import settings
from django.db import models, transaction
from django.db.models import Count, F
from django.utils.module_loading import import_string

from connections import crypto
from connections.models import Secret

BATCH = 200
PASSES = 5  # over the whole: what other processes sealed with an older key meanwhile is found by the next one


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of one batch: how many values are sealed anew, how many do not open, where it ended."""

    done: int
    stuck: int
    last: str


class Store(Protocol):
    """A place that keeps sealed values. `settings.SEALED_STORES` names them all."""

    name: str

    def counts(self) -> dict[str, int]:
        """Return how many values each key sealed, by the key's id in hex digits."""

    def reseal(self, current: str, after: str, limit: int) -> Batch | None:
        """Seal at most `limit` values beyond `after` by the newest key; None when there are none."""


class KeyIdOf(models.Func):
    """The id of the key in a sealed column, in hex digits."""

    template = "ENCODE(SUBSTRING(%(expressions)s FROM 2 FOR 4), 'hex')"
    output_field = models.CharField()


class Secrets:
    """The secrets of connections."""

    name = "secrets of connections"

    def counts(self) -> dict[str, int]:
        """Return how many secrets each key sealed."""
        rows = Secret.objects.order_by().annotate(key=KeyIdOf(F("sealed"))).values("key")
        return {row["key"]: row["count"] for row in rows.annotate(count=Count("pk"))}

    def reseal(self, current: str, after: str, limit: int) -> Batch | None:
        """Seal a batch of secrets anew; readers see each row before or after, and both open."""
        with transaction.atomic():
            rows = Secret.objects.annotate(key=KeyIdOf(F("sealed"))).exclude(key=current)
            rows = rows.filter(pk__gt=after) if after else rows
            found = list(rows.order_by("pk").select_for_update(skip_locked=True)[:limit])
            fresh = [secret for secret in found if _resealed(secret)]
            Secret.objects.bulk_update(fresh, ["sealed", "version", "fingerprint"])
        return Batch(len(fresh), len(found) - len(fresh), str(found[-1].pk)) if found else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rotation did, or with a dry run would do."""

    resealed: int
    stuck: int


def stores() -> Sequence[Store]:
    """Return all places that keep sealed values."""
    return [import_string(name)() for name in settings.SEALED_STORES]


def outdated() -> dict[str, int]:
    """Return for each store how many values the newest key did not seal. Raises KeyRingError."""
    current = crypto.ring().current.id.hex()
    return {store.name: sum(n for key, n in store.counts().items() if key != current) for store in stores()}


def reseal(say: Callable[[str], None], *, batch: int = BATCH) -> Outcome:
    """Seal everything by the newest key; after a kill the next start goes on. Raises KeyRingError."""
    done = stuck = 0
    for store in stores():
        for _ in range(PASSES):
            sealed, stuck_here = _pass(store, say, batch)
            done += sealed
            if not sealed:
                break
        stuck += stuck_here
    return Outcome(done, stuck)


def _pass(store: Store, say: Callable[[str], None], limit: int) -> tuple[int, int]:
    done = stuck = 0
    after = ""
    while found := store.reseal(crypto.ring().current.id.hex(), after, limit):
        done, stuck, after = done + found.done, stuck + found.stuck, found.last
        say(f"{store.name}: {done} sealed anew" + (f", {stuck} do not open" if stuck else ""))
    return done, stuck


def _resealed(secret: Secret) -> bool:
    try:
        secret.reseal()
    except crypto.SealError:
        return False
    return True
