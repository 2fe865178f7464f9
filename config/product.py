"""One copy of Switchboard under `manage.py up`: servers, preparation, then the web process and the workers.

Nothing here imports Django: the supervisor starts in a moment and stays small.
"""

import os
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from config import home, ports, preparation
from config.services import Postgres, Valkey
from config.supervisor import Child, Supervisor

BASE = Path(__file__).resolve().parent.parent
WORKERS = "2"  # processes of the worker: one interpreter lock each
POOL = 8  # database connections that the requests of the web process share
WARM_STOP = 30  # seconds a run under way may take to finish; what is cut off after that ends as unknown


@dataclass
class Product:
    """Everything that `manage.py up` runs on one port from one home."""

    host: str
    port: int
    say: Callable[[str], None]
    home: Path = field(default_factory=lambda: home.folder(BASE))
    postgres: Postgres | None = field(default=None, init=False)
    valkey: Valkey | None = field(default=None, init=False)
    pages: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        """Decide what this copy's programs are told about addresses."""
        self.url = os.environ.get("SWITCHBOARD_URL") or f"http://localhost:{self.port}"
        self.simulator = os.environ.get("SWITCHBOARD_SIMULATOR_URL", "")
        self.practice: socket.socket | None = None
        if not self.simulator:
            # Ours from the first moment: who calls practice before it is loaded waits, and is not refused.
            self.practice = socket.create_server(("127.0.0.1", 0))
            self.simulator = f"http://127.0.0.1:{self.practice.getsockname()[1]}"

    def run(self, ready: Callable[[str, str], None]) -> bool:
        """Start everything, call `ready(address, one-time link or "")`, and keep it running.

        Return True after an orderly stop, False when the database ended. Raises NotReady and home.Unusable.
        """
        claimed = home.claim(self.home)
        self.pages = ports.listen(self.host, self.port)
        if not os.environ.get("DATABASE_URL"):
            self.postgres = Postgres(self.home)
        if not os.environ.get("CELERY_BROKER_URL"):
            self.valkey = Valkey(self.home)
        supervisor = Supervisor(self._children(), database=self.postgres, broker=self.valkey, say=self.say)
        try:
            self._start(supervisor, claimed, ready)
            return supervisor.watch()
        finally:
            self.pages.close()  # from now on callers are refused, and need not wait for nobody
            supervisor.stop()
            home.announce(claimed, {})

    def _start(self, supervisor: Supervisor, claimed: IO[str], ready: Callable[[str, str], None]) -> None:
        if self.postgres:
            self.postgres.start()
            self.postgres.create_database()
        if self.valkey:
            self.valkey.start()
        home.announce(claimed, self._state())
        supervisor.listen()
        web, worker = supervisor.children
        link = preparation.run(self.home, BASE, self._told(), meanwhile=web.start)
        ports.wait_until_served(self.host, self.port, web, given_up=supervisor.asked_to_stop.is_set)
        if not supervisor.asked_to_stop.is_set():
            # After the web process: together on two cores they keep the page waiting.
            worker.start()
            ready(self.url, link)

    def _state(self) -> dict[str, object]:
        return {
            "port": self.port,
            "url": self.url,
            "simulator": self.simulator,
            "private_hosts": [
                host for host in os.environ.get("SWITCHBOARD_PRIVATE_HOSTS", "").split(",") if host
            ],
            "database_url": home.database_url(self.home) if self.postgres else "",
            "broker_url": home.broker_url(self.home) if self.valkey else "",
        }

    def _children(self) -> list[Child]:
        pages = str(self.pages.fileno())
        web = self._child("web", ["manage.py", "web", "--socket", pages], SWITCHBOARD_POOL=str(POOL))
        web.keeps = [self.pages.fileno()]
        others = ["config.celery_workers", WORKERS, "--beat"]
        # Threads would each take their memory from a heap of their own: 249 MiB after 800 runs, not 266.
        worker = self._child("worker", ["-m", *others], MALLOC_ARENA_MAX="2")
        if self.practice:
            worker.command = [*worker.command, "--practice", str(self.practice.fileno())]
            worker.keeps = [self.practice.fileno()]
        worker.patience = WARM_STOP
        return [web, worker]

    def _child(self, name: str, arguments: list[str], **environment: str) -> Child:
        command = [sys.executable, *arguments]
        log = self.home / "log" / f"{name}.log"
        return Child(name, command, log, {**self._told(), **environment}, folder=BASE)

    def _told(self) -> Mapping[str, str]:
        return {
            **home.bytecode(self.home),
            "SWITCHBOARD_HOME": str(self.home),
            "SWITCHBOARD_PORT": str(self.port),
            "SWITCHBOARD_URL": self.url,
            "SWITCHBOARD_SIMULATOR_URL": self.simulator,
        }
