"""Keeps the product's programs running under `manage.py up`, and stops them in order."""

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from config import processes

LOOK = 0.2  # seconds between two looks at the children
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds that two starts of a child lie apart at least
HURRIED = 1.0  # seconds that a child has to stop when the database is gone: the next start waits for it
SETTLED = 60.0  # seconds after which a child that ended counts as having run well


class Service(Protocol):
    """What the supervisor needs of PostgreSQL and Valkey."""

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        """The server while it runs."""

    def start(self) -> None:
        """Start it and return when it answers."""

    def stop(self) -> None:
        """Stop it in order."""


@dataclass
class Child:
    """One program of the product: how it starts, how long it may take to stop, how often it failed."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    patience: float = 10  # seconds between the request to stop and the end of its session
    keeps: Sequence[int] = ()  # open files of ours that it works with
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    started: float = field(default=0.0, init=False)
    pause: float = field(default=FIRST_PAUSE, init=False)
    due: float = field(default=0.0, init=False)

    def start(self) -> None:
        """Start the program; its output goes to its log."""
        self.process = processes.spawn(
            self.command,
            log=self.log,
            environment=self.environment,
            folder=self.folder,
            keeps=self.keeps,
        )
        self.started = time.monotonic()

    def look(self, say: Callable[[str], None]) -> None:
        """Start the program again when it ended: at once when it ran, later each time it ends soon."""
        now = time.monotonic()
        if self.process and self.process.poll() is not None:
            if now - self.started > SETTLED:
                self.pause = FIRST_PAUSE
            self.due, self.pause = self.started + self.pause, min(self.pause * 2, LONGEST_PAUSE)
            when = f"in {self.due - now:.0f} s" if self.due - now > LOOK else "at once"
            say(f"{self.name} ended ({how_it_ended(self.process)}); it starts again {when}. See {self.log}")
            self.process = None
        if not self.process and now >= self.due:
            self.start()

    def stop(self) -> None:
        """Ask the program to end, and end it when its patience is over."""
        if self.process:
            processes.stop(self.process, patience=self.patience)


class Supervisor:
    """Runs the children until someone asks it to stop or the database is gone."""

    def __init__(
        self,
        children: Sequence[Child],
        *,
        database: Service | None,
        broker: Service | None,
        say: Callable[[str], None],
    ) -> None:
        """Take the children in the order in which they stop; after them the broker, then the database."""
        self.children, self.database, self.broker, self.say = children, database, broker, say
        self.asked_to_stop = threading.Event()

    def listen(self) -> None:
        """Let Ctrl-C and SIGTERM ask for an orderly stop; asking twice changes nothing."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self.asked_to_stop.set())

    def watch(self) -> bool:
        """Keep everything running. Return True when asked to stop, False when the database has ended."""
        while not self.asked_to_stop.wait(LOOK):
            if self.database and self.database.process and self.database.process.poll() is not None:
                for child in self.children:  # without it nothing that they do can be finished
                    child.patience = min(child.patience, HURRIED)
                return False
            if self.broker and self.broker.process and self.broker.process.poll() is not None:
                self.say(f"Valkey ended ({how_it_ended(self.broker.process)}); it starts again.")
                self.broker.start()
            for child in self.children:
                child.look(self.say)
        return True

    def stop(self) -> None:
        """Stop everything in order: the children as listed, then the broker, then the database."""
        for stoppable in (*self.children, self.broker, self.database):
            if stoppable:
                stoppable.stop()


def how_it_ended(process: subprocess.Popen[bytes]) -> str:
    """Return how a process ended, for a sentence: `signal 9`, `exit code 1`."""
    code = process.returncode
    return f"signal {-code}" if code < 0 else f"exit code {code}"
