"""Seals secrets with AES-256-GCM so that a stored value opens only at the very place it was sealed for."""

import base64
import binascii
import hmac
import json
import os
import re
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.translation import gettext_noop
from django.views.decorators.debug import sensitive_variables

FORMAT = b"\x01"
KEY_BYTES, KEY_ID_BYTES, NONCE_BYTES, TAG_BYTES = 32, 4, 12, 16
HEAD_BYTES = len(FORMAT) + KEY_ID_BYTES + NONCE_BYTES
DISTINCT_BYTES = 16  # of 32 random bytes fewer than 16 differ once in more than 10^15 keys
LABEL = re.compile(r"[a-zA-Z0-9_.-]{1,32}")
PURPOSES = ("credentials", "webhooks", "seeds", "canary", "fingerprints")


class SealError(Exception):
    """A secret cannot be opened; the text says why and what to do."""


class KeyRingError(SealError):
    """The key ring itself is unusable."""


class KeyMissing(SealError):
    """The key that sealed this is not in the ring."""


class SealBroken(SealError):
    """The sealed bytes are damaged, or belong to another place."""


class Place(NamedTuple):
    """Where a sealed value lives. A value opened at any other place does not open (threats.md, T20)."""

    table: str
    row: str
    field: str
    version: int

    def associated_data(self) -> bytes:
        """Return the place as JSON: plain concatenation would make `a|bc` and `ab|c` the same place."""
        return json.dumps(list(self), separators=(",", ":")).encode()


@dataclass(frozen=True)
class Key:
    """One key of the ring. Its label is for people; sealed values carry `id`, derived from the key."""

    label: str
    material: bytes = field(repr=False)

    @cached_property
    def id(self) -> bytes:
        """Four bytes that name this key and no other, whatever its label says."""
        return self.derive("key id")[:KEY_ID_BYTES]

    @lru_cache(maxsize=64)  # noqa: B019  # a ring has a handful of keys and lives as long as the process
    def derive(self, purpose: str) -> bytes:
        """Return the sub-key for one purpose: what leaks or is guessed of one says nothing of the others."""
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"switchboard {purpose}".encode()).derive(
            self.material
        )


@dataclass(frozen=True)
class Ring:
    """The keys, newest first: the first one seals, all of them open."""

    keys: tuple[Key, ...]

    @property
    def current(self) -> Key:
        """The key that seals."""
        return self.keys[0]

    def find(self, key_id: bytes) -> Key | None:
        """Return the key with this id, or None."""
        return next((key for key in self.keys if key.id == key_id), None)


@sensitive_variables()
def parse(text: str, *, forbidden: str = "") -> Ring:
    """Read `k2:<base64>,k1:<base64>`. Raises KeyRingError: no key, or a weak, malformed or twofold one."""
    keys = tuple(_key(part.strip(), forbidden) for part in text.split(",") if part.strip())
    if not keys:
        raise KeyRingError(
            gettext_noop(
                "The key ring is empty: set SWITCHBOARD_KEYS to “k1:” and 32 random bytes in base64."
            )
        )
    if len({key.label for key in keys}) < len(keys) or len({key.id for key in keys}) < len(keys):
        raise KeyRingError(
            gettext_noop("The key ring holds one key or one label twice: remove the second one.")
        )
    return Ring(keys)


@lru_cache(maxsize=4)
def _ring(text: str, forbidden: str) -> Ring:
    return parse(text, forbidden=forbidden)


def ring() -> Ring:
    """Return the ring of `settings.CREDENTIAL_KEYS`. Raises KeyRingError.

    The setting is the ring itself or the file that holds it. A file is read each time, so that a key added
    by `manage.py keys rotate` is known to every running process at once.
    """
    return _ring(_source(settings.CREDENTIAL_KEYS), settings.SECRET_KEY)


@sensitive_variables()
def seal(plain: bytes, place: Place, *, purpose: str = "credentials") -> bytes:
    """Return format | key id | nonce | ciphertext and tag, sealed by the newest key. Raises KeyRingError."""
    return seal_with(ring().current, plain, place, purpose=purpose)


@sensitive_variables()
def seal_with(key: Key, plain: bytes, place: Place, *, purpose: str) -> bytes:
    """Return what `seal` does, by this key."""
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(key.derive(_known(purpose))).encrypt(nonce, plain, place.associated_data())
    return FORMAT + key.id + nonce + sealed


@sensitive_variables()
def unseal(sealed: bytes | memoryview, place: Place, *, purpose: str = "credentials") -> bytes:
    """Return what was sealed for this place and purpose; nothing is taken as plain text. Raises SealError."""
    sealed = bytes(sealed)
    if len(sealed) < HEAD_BYTES + TAG_BYTES or sealed[:1] != FORMAT:
        raise SealBroken(gettext_noop("This is not a sealed value: enter the secret again."))
    key = ring().find(key_id(sealed))
    if key is None:
        raise KeyMissing(
            gettext_noop(
                "It was sealed by key {hex}, which is not in the key ring: put that key back."
            ).format(hex=key_id(sealed).hex())
        )
    nonce = sealed[HEAD_BYTES - NONCE_BYTES : HEAD_BYTES]
    try:
        return AESGCM(key.derive(_known(purpose))).decrypt(
            nonce, sealed[HEAD_BYTES:], place.associated_data()
        )
    except InvalidTag:
        raise SealBroken(
            gettext_noop("The sealed value was changed or moved in the database: enter the secret again.")
        ) from None


def key_id(sealed: bytes) -> bytes:
    """Return which key sealed this."""
    return bytes(sealed[1 : 1 + KEY_ID_BYTES])


@sensitive_variables()
def fingerprints(plain: bytes) -> tuple[str, ...]:
    """Return a mark of this value under every key, newest first; without the ring nobody can guess it."""
    return tuple(hmac.digest(key.derive("fingerprints"), plain, "sha256").hex()[:16] for key in ring().keys)


def _source(setting: str | Path) -> str:
    if isinstance(setting, str):
        return setting
    try:
        return setting.read_text()
    except (OSError, UnicodeDecodeError) as error:
        said = gettext_noop("The key ring {file} cannot be read: {error}.")
        raise KeyRingError(said.format(file=setting, error=type(error).__name__)) from None


@sensitive_variables()
def _key(part: str, forbidden: str) -> Key:
    label, _, encoded = part.partition(":")
    if not LABEL.fullmatch(label):
        raise KeyRingError(
            gettext_noop("A key has no label: write keys as “k1:<base64>”, separated by commas.")
        )
    try:
        material = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise KeyRingError(gettext_noop("The key {label} is not base64.").format(label=label)) from None
    if complaint := _weakness(material, encoded, forbidden):
        raise KeyRingError(complaint.format(label=label))
    return Key(label, material)


def _weakness(material: bytes, encoded: str, forbidden: str) -> str:
    if len(material) != KEY_BYTES:
        said = gettext_noop("The key {label} has {number} bytes instead of 32: use 32 random bytes.")
        return said.replace("{number}", str(len(material)))
    if len(set(material)) < DISTINCT_BYTES:
        return gettext_noop("The key {label} repeats itself: use 32 random bytes.")
    if all(32 <= byte < 127 for byte in material):
        return gettext_noop("The key {label} is readable text: use 32 random bytes.")
    if forbidden and (encoded == forbidden or material == forbidden.encode()):
        return gettext_noop("The key {label} is the same as SECRET_KEY: use 32 random bytes.")
    return ""


def _known(purpose: str) -> str:
    if purpose not in PURPOSES:
        raise ValueError(f"unknown purpose {purpose!r}")
    return purpose
