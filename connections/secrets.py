"""Sealed secrets: rows that open only for the connection and the host they were sealed for."""

import json
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.debug import sensitive_variables

from connections import crypto, signing
from definitions import catalog

if TYPE_CHECKING:
    from connections.models import Connection

SHOWN_FROM = 16  # characters: of a shorter secret even the last four would say too much
SEEN_EVERY = timedelta(minutes=1)  # how exact "last used" is: one write a minute, however many calls
FINGERPRINT_CHARACTERS = 16
SONG = b"the right key opens this"


class SecretQuerySet(models.QuerySet["Secret"]):
    """Named sets of sealed secrets."""

    def credentials(self) -> "SecretQuerySet":
        """Return what calls are made with."""
        return self.exclude(name=signing.SECRET)

    def signing(self) -> "SecretQuerySet":
        """Return the webhook secrets that may still be good, the current one first."""
        living = Q(valid_until=None) | Q(valid_until__gt=timezone.now())
        return self.filter(living, name=signing.SECRET).order_by(
            models.F("valid_until").desc(nulls_first=True)
        )

    def used(self, at: datetime | None = None) -> int:
        """Note that these were used, to the minute."""
        at = at or timezone.now()
        stale = Q(last_used_at=None) | Q(last_used_at__lt=at - SEEN_EVERY)
        return self.filter(stale).update(last_used_at=at)


class Secret(models.Model):
    """One sealed secret. Inside stands for which connection and host it is: moved, it does not open."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connection = models.ForeignKey("connections.Connection", on_delete=models.CASCADE, related_name="secrets")
    name = models.CharField(max_length=100)  # a placeholder of the definition, or signing.SECRET
    sealed = models.BinaryField()
    version = models.PositiveIntegerField(default=0)
    last4 = models.CharField(max_length=4, blank=True)
    fingerprint = models.CharField(max_length=FINGERPRINT_CHARACTERS)
    set_at = models.DateTimeField(db_default=Now())
    last_used_at = models.DateTimeField(null=True)
    valid_until = models.DateTimeField(null=True)  # set: a previous webhook secret, good until then

    objects = SecretQuerySet.as_manager()

    class Meta:
        """One current and at most one previous secret of a name: the database holds "two at most"."""

        ordering = ["name", "set_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "name"], condition=Q(valid_until=None), name="secret_current_once"
            ),
            models.UniqueConstraint(
                fields=["connection", "name"],
                condition=Q(valid_until__isnull=False),
                name="secret_previous_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.label}"

    @property
    def is_signing(self) -> bool:
        """Say whether this verifies webhooks rather than signs calls."""
        return self.name == signing.SECRET

    @property
    def is_long_unused(self) -> bool:
        """Say whether a use is worth writing down: the last one is none, or a minute ago."""
        return self.last_used_at is None or timezone.now() - self.last_used_at > SEEN_EVERY

    @property
    def title(self) -> str:
        """The name as people know it: the placeholder's label."""
        if self.is_signing:
            return gettext("Signing secret")
        return (
            next((one.label for one in self.connection.placeholders if one.name == self.name), "")
            or self.name
        )

    @property
    def label(self) -> str:
        """`current` or `previous`."""
        return "previous" if self.valid_until else "current"

    @sensitive_variables()
    def hold(self, connection: "Connection", value: str) -> None:
        """Seal this value into the row, for this connection and the host it calls; the caller saves."""
        Canary.objects.plant(crypto.ring())
        self.version += 1
        inside = {"connection": str(connection.pk), "for": self._bound_to(connection), "value": value}
        self.sealed = crypto.seal(json.dumps(inside).encode(), self._place(), purpose=self._purpose)
        self.last4 = value[-4:] if len(value) >= SHOWN_FROM else ""
        self.fingerprint = crypto.fingerprints(value.encode())[0]
        self.set_at, self.last_used_at = timezone.now(), None

    @sensitive_variables()
    def reveal(self, connection: "Connection") -> str:
        """Return the value. Raises SealError when key, place, connection or host is another one."""
        inside: Mapping[str, Any] = json.loads(
            crypto.unseal(self.sealed, self._place(), purpose=self._purpose)
        )
        if inside["connection"] != str(connection.pk):
            raise crypto.SealBroken(
                gettext_noop("The sealed value belongs to another connection: enter the secret again.")
            )
        if inside["for"] != self._bound_to(connection):
            raise crypto.SealBroken(
                gettext_noop("It was entered for {host}: enter it again for the new address.").format(
                    host=inside["for"]
                )
            )
        return str(inside["value"])

    def opens(self, connection: "Connection") -> bool:
        """Say whether the value can be had."""
        try:
            self.reveal(connection)
        except crypto.SealError:
            return False
        return True

    @sensitive_variables()
    def reseal(self) -> None:
        """Seal the same content anew by the newest key; the caller saves. Raises SealError."""
        content = crypto.unseal(self.sealed, self._place(), purpose=self._purpose)
        self.version += 1
        self.sealed = crypto.seal(content, self._place(), purpose=self._purpose)
        self.fingerprint = crypto.fingerprints(json.loads(content)["value"].encode())[0]

    def signing_key(self) -> bytes:
        """Return the HMAC key of a webhook secret. Raises SealError."""
        try:
            return signing.key(self.connection.definition.webhooks, self.reveal(self.connection))
        except catalog.UnknownService:
            raise crypto.SealBroken(gettext_noop("The definition of its service is not loaded.")) from None
        except signing.BadSecret as error:
            raise crypto.SealBroken(str(error)) from None

    @property
    def _purpose(self) -> str:
        return "webhooks" if self.is_signing else "credentials"

    def _bound_to(self, connection: "Connection") -> str:
        return "" if self.is_signing else connection.bound_to

    def _place(self) -> crypto.Place:
        return crypto.Place("connections.secret", str(self.pk), self.name, self.version)


class CanaryQuerySet(models.QuerySet["Canary"]):
    """The canaries of all keys."""

    def plant(self, ring: crypto.Ring) -> None:
        """Let every key of the ring seal a canary that has none yet."""
        missing = {key.id.hex(): key for key in ring.keys}.keys() - set(self.values_list("key_id", flat=True))
        rows = [Canary.of(key) for key in ring.keys if key.id.hex() in missing]
        self.bulk_create(rows, ignore_conflicts=True)


class Canary(models.Model):
    """A known text sealed by each key that ever sealed here: it proves a key, and names a missing one."""

    key_id = models.CharField(primary_key=True, max_length=8)
    label = models.CharField(max_length=32)
    sealed = models.BinaryField()
    first_seen = models.DateTimeField(db_default=Now())

    objects = CanaryQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.label} ({self.key_id})"

    @classmethod
    def of(cls, key: crypto.Key) -> "Canary":
        """Return the canary of a key, sealed by it."""
        canary = cls(key_id=key.id.hex(), label=key.label)
        canary.sealed = crypto.seal_with(key, SONG, canary._place(), purpose="canary")
        return canary

    def opens(self) -> bool:
        """Say whether the key in the ring opens it."""
        try:
            return crypto.unseal(self.sealed, self._place(), purpose="canary") == SONG
        except crypto.SealError:
            return False

    def _place(self) -> crypto.Place:
        return crypto.Place("connections.canary", self.key_id, "sealed", 1)
