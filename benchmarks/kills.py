"""Kills of the web process and of PostgreSQL under load: is everything there that was answered 200, and once?

python -m benchmarks.kills [--short]
"""

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import connection

from benchmarks import deliveries, door, frame, house, load
from benchmarks.frame import Goal, Row

SLICE = 0.5  # seconds of one run of the load client; after a kill its connections are gone
PREPARED = 6_000  # requests of a slice


@dataclass
class Sending:
    """Deliveries that go on whatever happens, in a thread of their own, and what was answered."""

    house: house.House
    sender: deliveries.Sender
    told: set[str] = field(default_factory=set)  # answered 200
    answers: Counter[int] = field(default_factory=Counter)
    broken: int = 0
    last: tuple[float, float] = (0.0, 0.0)  # when the last slice with a 200 began, and when the first came
    over: threading.Event = field(default_factory=threading.Event)

    def go_on(self) -> None:
        """Send slice after slice until it is over."""
        while not self.over.is_set():
            wanted = deliveries.names(deliveries.run_name(), PREPARED)
            with load.prepared(self.sender, wanted) as requests:
                began = time.monotonic()
                done = load.send(self.house.port, requests, connections=32, seconds=SLICE)
            if taken := done.with_status(200):
                self.told |= {wanted[index] for index in taken}
                self.last = began, began + done.microseconds[done.statuses.index(200)] / 1e6
            self.answers += done.counts()
            self.broken += done.broken + done.lost
            time.sleep(0.1 if done.indexes else 0.5)


def kill_web(copy: house.House) -> float:
    """Kill the web process; the supervisor starts it again. Return the moment."""
    os.kill(copy.web, signal.SIGKILL)
    return time.monotonic()


def kill_postgres(copy: house.House) -> float:
    """Kill the server and all its backends; `up` ends because its database ended, and is started again.
    Return the moment of the kill."""
    assert copy.up
    for pid in copy.pids("postgres"):
        os.kill(pid, signal.SIGKILL)
    moment = time.monotonic()
    copy.up.wait(60)
    copy.start()
    return moment


def taken_again(sending: Sending, moment: float) -> float:
    """Return the seconds from the kill until deliveries were answered 200 again. Raises TimeoutError after
    two minutes."""
    while sending.last[0] < moment:
        if time.monotonic() - moment > 120:
            raise TimeoutError("No delivery was taken within two minutes of a kill.")
        time.sleep(0.05)
    return sending.last[1] - moment


def kill_by_turns(copy: house.House, sending: Sending, kills: int) -> list[float]:
    """Kill so often, each time once all is well again; return how long that took each time."""
    chance, away = random.Random(kills), []
    for number in range(kills):
        time.sleep(1.5 + chance.random())
        kill = (kill_web, kill_postgres)[number % 2]
        away.append(taken_again(sending, kill(copy)))
        frame.say(f"  {kill.__name__} {number + 1}: taken again after {away[-1]:.1f} s")
    return away


def measure(copy: house.House, kills: int) -> Iterator[Row]:
    """Send, kill by turns, stop sending, and look for everything that was promised."""
    sending = Sending(copy, deliveries.Sender.of("Kills"))
    thread = threading.Thread(target=sending.go_on)
    thread.start()
    try:
        away = kill_by_turns(copy, sending, kills)
    finally:
        sending.over.set()
        thread.join()
    copy.use()
    answers = ", ".join(f"{count:,} × {status}" for status, count in sorted(sending.answers.items()))
    note = f"{kills} kills; {answers}; {sending.broken:,} connections broken"
    missing = len(sending.told) - door.stored(sending.sender, sending.told)
    goal = Goal("≤", 0, "deliveries")
    yield Row.of("answered 200 and lost", missing, "deliveries", goal=goal, note=note)
    yield Row.of("stored twice", _twice(), "deliveries", goal=goal)
    note = f"web process and server by turns; the longest of them {max(away):.1f} s"
    yield Row.of("from a kill until taken again", frame.percentile(away, 0.5), "s", note=note)


def _twice() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) - count(DISTINCT (connection_id, delivery_id)) FROM webhooks_event")
        return int(cursor.fetchone()[0])


def main() -> None:
    """Run it."""
    asked = frame.options(__doc__ or "", kills=0)
    with house.House() as copy:
        kills = asked.kills or (4 if asked.short else 16)
        frame.report("Kills", measure(copy, kills), as_json=asked.json)


if __name__ == "__main__":
    main()
