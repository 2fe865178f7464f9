"""How often is too often: refusals from one peer, deliveries to one endpoint, the same line in our log."""

import time
from collections import Counter
from collections.abc import Hashable

WINDOW = 10.0  # seconds
MOST_REFUSED = 300  # of one peer at one endpoint in a window; further refused ones are only counted
TOLD = 60.0  # seconds in which the log hears once of a reason why deliveries are not stored


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
