"""Work in the background that leaves the machine to the door: short steps, with rests many times as long."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

SECONDS = 4.0  # of one turn: no worker's thread is held for longer, and a restart waits no longer for it
REST = 19  # times as long as the step before it: a twentieth of one core at most (with 9 the door kept 0.86)


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a turn may be, and how long it rests after each step."""

    seconds: float = SECONDS
    rest: int = REST
    sleep: Callable[[float], None] = time.sleep

    def take(self, steps: Iterator[object]) -> bool:
        """Take the steps one after the other; tell whether the turn was over before they were."""
        ends = time.monotonic() + self.seconds
        while True:
            began = time.monotonic()
            if next(steps, self) is self:
                return False
            now = time.monotonic()
            rest = self.rest * (now - began)
            if now + rest >= ends:
                return True
            self.sleep(rest)
