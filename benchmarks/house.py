"""A copy of Switchboard of our own under a real `manage.py up`, in a folder below the temporary ones."""

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from celery import current_app
from django.conf import settings
from django.db import connections

from benchmarks import ROOT, proc
from config import home as homes
from config import ports, processes
from config.services import Postgres

BASE = Path(__file__).resolve().parent.parent


class House:
    """One copy: its home, its port, and the processes of its `up`. Use it as a context manager."""

    def __init__(self, home: Path | None = None, **environment: str) -> None:
        """Take the home (a fresh one when none is given, removed at the end) and more of its environment."""
        self.kept = home is not None
        self.home = home or ROOT / f"house-{os.getpid()}-{time.monotonic_ns()}"
        self.port = ports.free()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {**told(self.home), **environment}
        self.up: subprocess.Popen[bytes] | None = None
        self.held = False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if not self.kept:
            shutil.rmtree(self.home, ignore_errors=True)

    def start(self) -> float:
        """Start it and return the seconds until the first page was served. Raises RuntimeError with its
        log."""
        command = [sys.executable, "manage.py", "up", "--port", str(self.port)]
        log = self.home / "log" / "up.log"
        began = time.perf_counter()
        self.held = False
        self.up = processes.spawn(command, log=log, folder=BASE, environment=self.environment)
        while not ports.serves("127.0.0.1", self.port):
            if self.up.poll() is not None or time.perf_counter() - began > 180:
                raise RuntimeError(f"The copy does not start: {log.read_text()[-2000:]}")
            time.sleep(0.01)
        took = time.perf_counter() - began
        self.use()
        return took

    def settle(self) -> None:
        """Return once worker and simulator are there too; `up` starts them after the first page."""
        deadline = time.monotonic() + 180
        while not (self._practises() and self.pids("celery", "worker")):
            assert time.monotonic() < deadline, f"worker and simulator do not start; see {self.home / 'log'}"
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop it in order and let go of its database; a worker that is held could not end, and cost 30 s."""
        connections["default"].close()
        if self.up:
            self.release_workers()
            processes.stop(self.up, patience=60)
            self.up = None

    def use(self) -> None:
        """Point this process's Django at the copy's database, and its Celery at the copy's broker."""
        point_at(self.home)
        current_app.conf.broker_url = homes.broker_url(self.home)

    def pids(self, *words: str) -> list[int]:
        """Return the copy's processes whose command line holds all these words: `house.pids("manage.py",
        "web")`."""
        assert self.up
        return [
            pid for pid in proc.descendants(self.up.pid) if all(word in proc.command(pid) for word in words)
        ]

    @property
    def web(self) -> int:
        """The web process."""
        return self.pids("manage.py", "web")[0]

    @property
    def simulator(self) -> str:
        """The address of the practice service."""
        return str(homes.running(self.home).get("simulator", ""))

    def _practises(self) -> bool:
        with suppress(OSError, ValueError), urllib.request.urlopen(self.simulator, timeout=60):
            return True
        return False

    def hold_workers(self) -> None:
        """Stop the clock for worker, beat and simulator: a round has the machine for what it measures.

        They start after the first page, so it waits for them: who is not there yet cannot be held.
        """
        if not self.held:
            self.settle()
        self.held = True
        for pid in self._others():
            os.kill(pid, signal.SIGSTOP)

    def release_workers(self) -> None:
        """Let them go on."""
        self.held = False
        for pid in self._others():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def _others(self) -> list[int]:
        return self.pids("celery") + self.pids("config.practice")


def told(home: Path) -> Mapping[str, str]:
    """Return the environment in which another program works on this home with our own keys."""
    source = settings.CREDENTIAL_KEYS
    keys = (
        {"SWITCHBOARD_KEYS_FILE": str(source)} if isinstance(source, Path) else {"SWITCHBOARD_KEYS": source}
    )
    usual = {"SWITCHBOARD_LOG_LEVEL": "INFO", "SWITCHBOARD_COLLECT_STATIC": "true"}
    limits = {"SWITCHBOARD_LIVE_STREAMS": "6000", "SWITCHBOARD_LIVE_STREAMS_A_PERSON": "6000"}
    ours = {"SWITCHBOARD_HOME": str(home), "DJANGO_SETTINGS_MODULE": "benchmarks.settings"}
    return {**ours, "SECRET_KEY": settings.SECRET_KEY, **keys, **usual, **limits}


def point_at(home: Path) -> None:
    """Let this process's Django use the embedded database of another home."""
    connection = connections["default"]
    connection.close()
    connection.settings_dict["HOST"] = str(homes.sockets(home))


def server(home: Path) -> Postgres:
    """Return the embedded PostgreSQL of a home, to be started and stopped by the caller."""
    return Postgres(home)
