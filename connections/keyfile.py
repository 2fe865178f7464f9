"""The file that holds the key ring: who may read it, adding a key to it, taking one out."""

import base64
import os
import re
import secrets
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext_noop

from connections import crypto

OTHERS = 0o077  # permission bits of group and others: a key file has none of them


def path() -> Path | None:
    """Return the file, or None when the ring comes from SWITCHBOARD_KEYS itself."""
    source = settings.CREDENTIAL_KEYS
    return None if isinstance(source, str) else source


def exposure(file: Path) -> str:
    """Return a sentence when others than its owner may read or write the file; "" when all is well."""
    try:
        mode = file.stat().st_mode & 0o777
    except OSError as error:
        said = gettext_noop("The key file {file} cannot be looked at: {error}.")
        return said.format(file=file, error=type(error).__name__)
    if mode & OTHERS:
        said = gettext_noop("The key file {file} is open to others (mode {mode}): run `chmod 600 {file}`.")
        return said.format(file=file, mode=f"{mode:04o}")
    return ""


def new_entry(ring: crypto.Ring) -> str:
    """Return a new key as the ring writes it, under the next free label: `k3:<base64>`."""
    numbers = [int(found[1]) for key in ring.keys if (found := re.fullmatch(r"k(\d{1,9})", key.label))]
    return (
        f"k{max(numbers, default=0) + 1}:{base64.b64encode(secrets.token_bytes(crypto.KEY_BYTES)).decode()}"
    )


def add(file: Path) -> str:
    """Put a new key in front of the ring, so that it seals from now on, and return its label.

    Every process reads the file each time: no restart. Raises crypto.KeyRingError, OSError.
    """
    entry = new_entry(crypto.ring())
    replace(file, f"{entry},{file.read_text().strip()}")
    return entry.partition(":")[0]


def remove(file: Path, label: str) -> None:
    """Take one key out of the ring. Raises crypto.KeyRingError when it is the only one or none."""
    entries = [entry.strip() for entry in file.read_text().split(",") if entry.strip()]
    kept = [entry for entry in entries if entry.partition(":")[0] != label]
    if len(kept) == len(entries):
        raise crypto.KeyRingError(f"There is no key {label} in the ring.")
    replace(file, ",".join(kept))


def replace(file: Path, text: str) -> None:
    """Write the ring at once or not at all: a reader finds the old ring or the new one, never half of one."""
    crypto.parse(text)
    draft = file.with_name(f"{file.name}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "w") as written:
            written.write(text)
            written.flush()
            os.fsync(written.fileno())
        os.replace(draft, file)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
