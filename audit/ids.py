"""Time-ordered 64-bit ids: an id is a row's place in time, its cursor and its partition key at once."""

import itertools
import os
import time
from datetime import UTC, datetime

SHIFT = 22  # bits below the milliseconds: 10 of process identity, 12 of counter
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u

_counter = itertools.count(int.from_bytes(os.urandom(2), "big"))


def new_id(at: float | None = None) -> int:
    """Return an id for a row born now, or at `at` (seconds since 1970). Later ones are larger."""
    milliseconds = int((time.time() if at is None else at) * 1000)
    node = (os.getpid() & 0x3FF) << 12
    return milliseconds << SHIFT | node | (next(_counter) & 0xFFF)


def id_at(moment: datetime) -> int:
    """Return the smallest id that a row born at `moment` can have: the cursor for a time range."""
    return int(moment.timestamp() * 1000) << SHIFT


def time_of(row_id: int) -> datetime:
    """Return when the row with this id was born (UTC, to the millisecond)."""
    return datetime.fromtimestamp((row_id >> SHIFT) / 1000, UTC)


def encode(prefix: str, row_id: int) -> str:
    """Return the id as people see it: `run_01hq…`, thirteen characters that sort like the number."""
    digits = [ALPHABET[row_id >> shift & 31] for shift in range(60, -1, -5)]
    return f"{prefix}_{''.join(digits)}"


def decode(prefix: str, text: str) -> int:
    """Return the number behind `run_01hq…`. Raises ValueError for another prefix, length or alphabet."""
    head, _, digits = text.partition("_")
    if head != prefix or len(digits) != 13:
        raise ValueError(f"not a {prefix}_ id: {text[:40]!r}")
    number = 0
    for digit in digits:
        number = number << 5 | ALPHABET.index(digit)
    if number >= 1 << 63:
        raise ValueError(f"not a {prefix}_ id: {text[:40]!r}")
    return number
