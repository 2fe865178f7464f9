"""Is everything there, byte for byte, that the door answered 200, whatever dies, freezes or fills up?

    python -m benchmarks.promises [--short]

Signed deliveries go on over HTTP, one after the other, each with a body of its own; the web process and
PostgreSQL are killed, PostgreSQL is frozen, and the disk is filled to the last byte. At the end every body is
compared.
"""

import hashlib
import http.client
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from benchmarks import deliveries, frame, house
from benchmarks.chaos import faults
from benchmarks.chaos.__main__ import small_disk
from benchmarks.frame import Goal, Row
from webhooks.models import Event

FROZEN = 9.0  # seconds: long enough for more than one answer
PATIENCE = 90.0  # seconds until deliveries are taken again
SLOWEST = 6.0  # seconds: 503 within five, and a moment on a busy machine


@dataclass
class Phase:
    """What was answered between the beginning of one fault and its end."""

    name: str
    answers: Counter[str] = field(default_factory=Counter)
    promised: dict[str, bytes] = field(default_factory=dict)  # delivery id -> digest of the body answered 200
    slowest: float = 0.0
    silent: float = 0.0  # seconds without a 200
    last: float = field(default_factory=time.monotonic)

    def note(self, name: str, body: bytes, answer: str, took: float) -> None:
        """Count one answer."""
        self.answers[answer] += 1
        if answer == "503":
            self.slowest = max(self.slowest, took)
        if answer == "200":
            self.promised[name] = hashlib.sha256(body).digest()
            self.silent, self.last = max(self.silent, time.monotonic() - self.last), time.monotonic()


class Sending(threading.Thread):
    """A sender that goes on whatever happens, and remembers each promise in the phase it was made in."""

    def __init__(self, copy: house.House) -> None:
        super().__init__(daemon=True)
        self.copy, self.sender = copy, deliveries.Sender.of("Promises")
        self.phases = [Phase("before")]
        self.over = threading.Event()

    def run(self) -> None:
        """Send until it is over."""
        number = 0
        while not self.over.is_set():
            number += 1
            self._deliver(f"wh_{number}_{os.urandom(6).hex()}", number)

    def goes_on(self) -> None:
        """Return once deliveries are taken again. Raises AssertionError when they are not."""
        phase, deadline = self.phases[-1], time.monotonic() + PATIENCE
        before = len(phase.promised)
        while len(phase.promised) < before + 20:
            assert time.monotonic() < deadline, f"nothing is taken after: {phase.name}"
            time.sleep(0.05)

    def _deliver(self, name: str, number: int) -> None:
        at, began, phase = int(time.time()), time.monotonic(), self.phases[-1]
        body = deliveries.body(number, at)
        head, _, _ = self.sender.request(name, body, at).partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        line = http.client.HTTPConnection("127.0.0.1", self.copy.port, timeout=20)
        try:
            line.request("POST", first.split()[1], body, dict(one.split(": ", 1) for one in lines[1:]))
            answer = str(line.getresponse().status)
        except (OSError, http.client.HTTPException):
            answer = "cut off"
            time.sleep(0.02)
        finally:
            line.close()
        phase.note(name, body, answer, time.monotonic() - began)


def freeze(copy: house.House, dice: random.Random) -> None:
    """Stop PostgreSQL and all its backends for some seconds: nothing breaks, nobody answers."""
    with frozen(copy):
        time.sleep(FROZEN)


@contextmanager
def frozen(copy: house.House) -> Iterator[None]:
    """Hold every process of PostgreSQL."""
    stopped = copy.pids("postgres")
    faults.send(stopped, signal.SIGSTOP)
    try:
        yield
    finally:
        faults.send(stopped, signal.SIGCONT)


def fill(copy: house.House, dice: random.Random) -> None:
    """Fill the disk, unless the copy has none of its own."""
    if faults.may_fill(copy.home):
        faults.fill_disk(copy, dice)
    else:
        frame.say("  the disk is not filled: a file system of its own needs the right to mount one")


FAULTS: dict[str, Callable[[house.House, random.Random], None]] = {
    "kill -9 of web": faults.FAULTS["kill -9 web"],
    "kill -9 of PostgreSQL": faults.FAULTS["kill -9 PostgreSQL"],
    "PostgreSQL frozen": freeze,
    "the disk is full": fill,
}


def measure(copy: house.House, rounds: int) -> Iterator[Row]:
    """Break one thing after another under load, and yield a line for each."""
    sending, dice = Sending(copy), random.Random(1)
    sending.start()
    for name, fault in [*FAULTS.items()] * rounds:
        sending.phases.append(Phase(name))
        sending.goes_on()
        fault(copy, dice)
        sending.goes_on()
        frame.say(f"  {name}: {dict(sending.phases[-1].answers)}")
    sending.over.set()
    sending.join()
    copy.use()
    kept = _kept(sending.sender)
    for name in FAULTS:
        yield _row(name, [phase for phase in sending.phases if phase.name == name], kept)
    yield Row.of("503 at the slowest", max(one.slowest for one in sending.phases), "s",
                 goal=Goal("≤", SLOWEST, "s"))  # fmt: skip
    twice = Event.objects.filter(connection=sending.sender.connection).count() - len(kept)
    yield Row.of("stored twice", twice, "deliveries", goal=Goal("≤", 0, "deliveries"))


def _kept(sender: deliveries.Sender) -> dict[str, bytes]:
    """Return the digest of every stored body by its delivery id."""
    rows = Event.objects.filter(connection=sender.connection).values_list("delivery_id", "body")
    return {name: hashlib.sha256(bytes(body)).digest() for name, body in rows.iterator()}


def _row(name: str, phases: list[Phase], kept: dict[str, bytes]) -> Row:
    promised = {name: digest for phase in phases for name, digest in phase.promised.items()}
    answers = sum((phase.answers for phase in phases), Counter())
    told = ", ".join(f"{count:,} × {answer}" for answer, count in sorted(answers.items()))
    wrong = sum(kept.get(name) != digest for name, digest in promised.items())
    note = f"{told}; longest without a 200: {max(phase.silent for phase in phases):.1f} s"
    return Row.of(f"{name}: promised and not there, byte for byte", wrong, "deliveries",
                  goal=Goal("≤", 0, "deliveries"), note=note)  # fmt: skip


def main() -> int:
    """Return 1 when a promise was broken."""
    asked = frame.options(__doc__ or "")
    with small_disk() as home, house.House(home) as copy:
        rows = list(measure(copy, 1 if asked.short else 3))
    frame.report("Promises of the door", rows, as_json=asked.json)
    return int(any(row.reached is False for row in rows))


if __name__ == "__main__":
    sys.exit(main())
