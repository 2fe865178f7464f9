"""What `manage.py up` starts, in order: PostgreSQL, Valkey, then web, beat, worker and simulator."""

import http.client
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO

from django.conf import settings
from django.db import OperationalError, connection

from config import home, prepare
from config.services import NotReady, Postgres, Valkey
from config.supervisor import Child, Supervisor

POOL = 8  # database connections that the requests of the web process share
SERVES_WITHIN = 60  # seconds


@dataclass
class Product:
    """One copy of Switchboard: everything that `manage.py up` runs on one port from one home."""

    host: str
    port: int
    say: Callable[[str], None]
    postgres: Postgres | None = field(default=None, init=False)
    valkey: Valkey | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Take addresses from the settings; those that depend on the port are decided here."""
        given = settings.PUBLIC_URL_GIVEN
        self.url = settings.PUBLIC_URL if given else f"http://localhost:{self.port}"
        settings.PUBLIC_URL = (
            self.url
        )  # the one-time link is made in this process, which was told its port late
        self.simulator = "" if settings.UP else settings.SIMULATOR_URL

    def run(self, ready: Callable[[str], None]) -> bool:
        """Start everything, call `ready` with the address, and keep it running.

        Return True after an orderly stop, False when the database ended. Raises NotReady and home.Unusable.
        """
        claimed = home.claim(settings.HOME)
        refuse_taken(self.host, self.port)
        supervisor: Supervisor | None = None
        try:
            self._start_services()
            prepare.database()
            prepare.static_files()
            supervisor = self._start_children(claimed)
            ready(self.url)
            connection.close()
            return supervisor.watch()
        finally:
            (supervisor or self._supervisor([])).stop()
            home.announce(claimed, {})

    def _start_services(self) -> None:
        if settings.EMBEDDED_DATABASE:
            self.postgres = Postgres(settings.HOME)
            self.postgres.start()
            self.postgres.create_database()
        if settings.EMBEDDED_BROKER:
            self.valkey = Valkey(settings.HOME)
            self.valkey.start()
        try:
            connection.ensure_connection()
        except OperationalError as error:
            raise NotReady(
                f"The database does not answer: {_first_line(error)}. Look at DATABASE_URL."
            ) from None

    def _start_children(self, claimed: IO[str]) -> Supervisor:
        children = self._children()
        home.announce(claimed, self._state())
        supervisor = self._supervisor(children)
        try:
            supervisor.listen()
            supervisor.start()
            wait_until_served(self.host, self.port, supervisor)
        except BaseException:
            supervisor.stop()
            raise
        return supervisor

    def _supervisor(self, children: list[Child]) -> Supervisor:
        return Supervisor(children, database=self.postgres, broker=self.valkey, say=self.say)

    def _state(self) -> dict[str, object]:
        return {
            "port": self.port,
            "url": self.url,
            "simulator": self.simulator,
            "database_url": home.database_url(settings.HOME) if self.postgres else "",
            "broker_url": home.broker_url(settings.HOME) if self.valkey else "",
        }

    def _children(self) -> list[Child]:
        practice = [] if self.simulator else [self._practice()]
        port, host = str(self.port), self.host
        web = self._child(
            "web", ["manage.py", "web", "--host", host, "--port", port], SWITCHBOARD_POOL=str(POOL)
        )
        schedule = str(settings.HOME / "run" / "beat")
        beat = self._child("beat", ["-m", "celery", "-A", "config", "beat", "-s", schedule, "--pidfile="])
        worker = self._child("worker", ["-m", "celery", "-A", "config", "worker"])
        worker.patience = 30  # a run under way may finish; what is cut off after that ends as unknown
        return [web, beat, worker, *practice]

    def _practice(self) -> Child:
        port = free_port()
        self.simulator = f"http://127.0.0.1:{port}"
        command = ["-m", "uvicorn", "config.practice:application", "--port", str(port), "--lifespan", "off"]
        return self._child("simulator", [*command, "--log-level", "warning"])

    def _child(self, name: str, arguments: list[str], **environment: str) -> Child:
        told = {
            "SWITCHBOARD_HOME": str(settings.HOME),
            "SWITCHBOARD_PORT": str(self.port),
            "SWITCHBOARD_URL": self.url,
            "SWITCHBOARD_SIMULATOR_URL": self.simulator,
            **environment,
        }
        log = settings.HOME / "log" / f"{name}.log"
        return Child(name, [sys.executable, *arguments], log, told, folder=settings.BASE_DIR)


def refuse_taken(host: str, port: int) -> None:
    """Raise NotReady when something listens on this port already, or it may not be used."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise NotReady(
                f"Port {port} on {host} cannot be used ({error.strerror}): "
                f"choose another with `--port {port + 1}` (make run PORT={port + 1})."
            ) from None


def free_port() -> int:
    """Return a loopback port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_served(host: str, port: int, supervisor: Supervisor) -> None:
    """Return when the web process answers. Raises NotReady when it does not within a minute."""
    deadline = time.monotonic() + SERVES_WITHIN
    web = supervisor.children[0]
    while not _serves(host, port) and not supervisor.asked_to_stop.is_set():
        if time.monotonic() > deadline or (web.process and web.process.poll() is not None):
            raise NotReady(f"The web process does not serve; its log says why: {web.log}")
        time.sleep(0.03)


def _serves(host: str, port: int) -> bool:
    address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  compared, not bound
    asked = http.client.HTTPConnection(address, port, timeout=2)
    with suppress(OSError, http.client.HTTPException):
        asked.request("GET", "/healthz")
        return asked.getresponse().status == 200
    return False


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__
