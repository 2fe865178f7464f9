"""Time-ordered 64-bit ids: an id is a row's place in time, its cursor and its partition key at once."""

import os
import socket
import threading
import time
import zlib
from datetime import UTC, datetime

SHIFT = 22  # bits below the milliseconds: 10 of process identity, 12 of counter
# 41 bits of milliseconds would be used up in September 2039. From 2030 on 18 bits are below them, 8 and 10:
# ids last until December 2184, and none that was ever given changes.
LATER, LATER_SHIFT = 1_893_456_000_000, 18  # milliseconds since 1970: 2030-01-01, the start of an hour
LATER_ID = LATER << SHIFT
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u

_lock = threading.Lock()
_last = 0, int.from_bytes(os.urandom(2), "big")  # the millisecond and the number of the newest id made here
# In containers every process has the same number, on one machine the same host: together they tell apart.
_host = zlib.crc32(socket.gethostname().encode())


def new_id(at: float | None = None) -> int:
    """Return an id for a row born now, or at `at` (seconds since 1970). Later ones are larger."""
    milliseconds = int((time.time() if at is None else at) * 1000)
    node = os.getpid() ^ _host
    if milliseconds < LATER:
        return milliseconds << SHIFT | (node & 0x3FF) << 12 | _number(milliseconds, 1 << 12)
    return _first(milliseconds) | (node & 0xFF) << 10 | _number(milliseconds, 1 << 10)


def _number(milliseconds: int, numbers: int) -> int:
    """Count on; a new millisecond begins at zero when the count has passed its half.

    Once in 4,096 it went round within a millisecond, and of two rows the later one had the smaller id.
    """
    global _last
    with _lock:
        before, number = _last
        number += 1
        if milliseconds != before and number % numbers >= numbers // 2:
            number += numbers - number % numbers
        _last = milliseconds, number
    return number % numbers


def id_at(moment: datetime) -> int:
    """Return the smallest id that a row born at `moment` can have: the cursor for a time range."""
    return _first(int(moment.timestamp() * 1000))


def time_of(row_id: int) -> datetime:
    """Return when the row with this id was born (UTC, to the millisecond)."""
    return datetime.fromtimestamp(milliseconds_of(row_id) / 1000, UTC)


def milliseconds_of(row_id: int) -> int:
    """Return when the row with this id was born, in milliseconds since 1970."""
    later = max(0, row_id - LATER_ID)
    return (row_id - later >> SHIFT) + (later >> LATER_SHIFT)


def _first(milliseconds: int) -> int:
    later = max(0, milliseconds - LATER)
    return (milliseconds - later << SHIFT) + (later << LATER_SHIFT)


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
