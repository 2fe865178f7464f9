"""How often is too often: refusals from one peer, and, where a limit is set, deliveries to one endpoint."""

import time
from collections import Counter
from collections.abc import Hashable

WINDOW = 10.0  # seconds
MOST_REFUSED = 300  # of one peer at one endpoint in a window; further refused ones are only counted


class Window:
    """Counts by key in the current stretch of time."""

    def __init__(self, length: float) -> None:
        self._length = length
        self._counts: Counter[Hashable] = Counter()
        self._ends = 0.0

    def count(self, key: Hashable) -> int:
        """Count once more and return how often it was in this window."""
        now = time.monotonic()
        if now >= self._ends:
            self._counts.clear()
            self._ends = now + self._length
        self._counts[key] += 1
        return self._counts[key]
