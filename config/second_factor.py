"""Seals the seeds of authenticator apps with our key ring: a copy of the database gives no second factor."""

import base64
import binascii
from collections import Counter

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.db import transaction

from connections import crypto
from connections.resealing import Batch

LOCKED = "Your second factor is locked: an admin must put the key back that sealed it. A passkey works still."
PLACE = crypto.Place("mfa_authenticator", "", "secret", 1)
MEMBERS = ("secret", "seed")  # where allauth keeps what it had sealed: of a TOTP app, of recovery codes


class Adapter(DefaultMFAAdapter):
    """allauth's rules, with sealed seeds."""

    def encrypt(self, text: str) -> str:
        """Return the seed sealed, as text. Raises KeyRingError, which becomes a page (connections/locked)."""
        return base64.b64encode(crypto.seal(text.encode(), PLACE, purpose="seeds")).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return the seed. Raises ValidationError, which the form shows, when its key is not in the ring."""
        try:
            return crypto.unseal(base64.b64decode(encrypted_text), PLACE, purpose="seeds").decode()
        except (crypto.SealError, binascii.Error):
            raise ValidationError(LOCKED) from None


class Seeds:
    """The seeds of people's second factors, for `keys rotate`; there are a few per person at most."""

    name = "seeds of second factors"

    def counts(self) -> dict[str, int]:
        """Return how many seeds each key sealed."""
        return Counter(
            _key_of(row.data[member])
            for row in Authenticator.objects.all()
            for member in MEMBERS
            if member in row.data
        )

    def reseal(self, current: str, after: str, limit: int) -> Batch | None:
        """Seal the seeds of at most `limit` factors anew."""
        with transaction.atomic():
            rows = (
                Authenticator.objects.filter(pk__gt=int(after or 0))
                .order_by("pk")
                .select_for_update()[:limit]
            )
            found = list(rows)
            states = [_reseal(row, current) for row in found]
        return Batch(states.count(True), states.count(False), str(found[-1].pk)) if found else None


def _key_of(sealed: str) -> str:
    try:
        return crypto.key_id(base64.b64decode(sealed)).hex()
    except binascii.Error:
        return ""  # somebody wrote over it: it counts as sealed by no key


def _reseal(row: Authenticator, current: str) -> bool | None:
    """Say whether the factor was sealed anew; None when there was nothing to do."""
    outdated = [member for member in MEMBERS if member in row.data and _key_of(row.data[member]) != current]
    if not outdated:
        return None
    adapter = Adapter()
    try:
        row.data |= {member: adapter.encrypt(adapter.decrypt(row.data[member])) for member in outdated}
    except (crypto.SealError, ValidationError):
        return False
    row.save(update_fields=["data"])
    return True
