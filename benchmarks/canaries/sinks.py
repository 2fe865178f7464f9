"""The twelve places where a secret must not be: each is read whole, as bytes."""

import base64
import socket
import subprocess
import tarfile
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import httpx
import redis

from benchmarks.canaries.planting import Plot, command
from benchmarks.canaries.visitor import Visitor
from benchmarks.house import House, server
from config import home as homes
from config.services import postgres_binary

EXPORTS = ("/audit/export.csv", "/audit/export.jsonl")


class Monitor:
    """Everything that Valkey is told, from now on: MONITOR, in a thread."""

    def __init__(self, home: Path) -> None:
        """Take the home whose broker is watched."""
        path = str(homes.sockets(home) / "valkey.sock")
        self.client = redis.Redis(unix_socket_path=path)
        self.told = bytearray()
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(path)
        self._socket.sendall(b"MONITOR\r\n")
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while piece := self._socket.recv(1 << 16):
            self.told += piece

    def kept(self) -> bytes:
        """Return every key and value that Valkey holds."""
        return b"\n".join(key + b" " + (self.client.dump(key) or b"") for key in self.client.scan_iter())


def log_every_statement(home: Path) -> None:
    """Let PostgreSQL write down every statement with its parameters."""
    with server(home).connect() as database:
        database.execute("ALTER SYSTEM SET log_statement = 'all'")
        database.execute("ALTER SYSTEM SET log_parameter_max_length = -1")
        database.execute("SELECT pg_reload_conf()")


def sinks(
    house: House, plot: Plot, visitors: Mapping[str, Visitor], monitor: Monitor
) -> Mapping[str, Callable[[], bytes]]:
    """Return each sink's name and what reads it."""
    logs = house.home / "log"
    admin = visitors["admin"]
    return {
        "database dump": lambda: dump(house.home),
        "sessions and cache": lambda: tables(house.home),
        "PostgreSQL log, every statement": lambda: (logs / "postgres.log").read_bytes(),
        "Valkey: kept and on disk": lambda: monitor.kept() + _files(house.home, "*.aof", "*.rdb"),
        "Celery messages (MONITOR)": lambda: bytes(monitor.told),
        "web log at DEBUG": lambda: (logs / "web.log").read_bytes() + (logs / "up.log").read_bytes(),
        "worker, beat and practice log at DEBUG": lambda: (logs / "worker.log").read_bytes(),
        "output of commands": lambda: (logs / "commands.log").read_bytes(),
        "files and exports": lambda: _files(house.home / "files", "*") + exports(admin),
        "backup archive": lambda: backup(house),
        "pages of every role": lambda: b"".join(pages(visitors)),
        "API and metrics": lambda: interfaces(house.url, plot),
    }


def dump(home: Path) -> bytes:
    """Return the whole database as SQL; bytes stand there in hexadecimal, which is one of the spellings."""
    words = [postgres_binary("pg_dump"), "-h", str(homes.sockets(home)), "-U", "postgres", "switchboard"]
    return subprocess.run(words, check=True, capture_output=True).stdout


def tables(home: Path) -> bytes:
    """Return sessions unpacked, and the cache."""
    with server(home).connect("switchboard") as database:
        packed = database.execute("SELECT session_data FROM django_session").fetchall()
        cached = database.execute("SELECT cache_key, value FROM cache").fetchall()
    return b"\n".join([*(_session(str(row[0])) for row in packed), *(_cached(*row) for row in cached)])


def _session(packed: str) -> bytes:
    """Undo what Django does to a session: base64 between a dot (“compressed”) and its time and signature."""
    data = packed.split(":")[0]
    raw = base64.urlsafe_b64decode(data.lstrip(".") + "===")
    return zlib.decompress(raw) if data.startswith(".") else raw


def _cached(key: object, value: object) -> bytes:
    return f"{key} {value}".encode() + base64.b64decode(str(value))


def exports(admin: Visitor) -> bytes:
    """Return everything that can be downloaded as a list."""
    return b"".join(admin.client.get(path).content for path in EXPORTS)


def backup(house: House) -> bytes:
    """Return a backup's files, unpacked; the database's dump as SQL."""
    archive = house.home / "backup.tar"
    command(house, "backup", str(archive))
    told = []
    with tarfile.open(archive) as packed:
        for member in packed:
            content = packed.extractfile(member)
            told.append(content.read() if content else b"")
            if member.name.endswith(".dump"):
                words = [postgres_binary("pg_restore"), "-f", "-"]
                told.append(subprocess.run(words, input=told[-1], check=True, capture_output=True).stdout)
    return b"\n".join(told)


def pages(visitors: Mapping[str, Visitor]) -> Iterator[bytes]:
    """Yield what each role sees on every page that it can reach."""
    for visitor in visitors.values():
        for _, content in visitor.pages():
            yield content


def interfaces(url: str, plot: Plot) -> bytes:
    """Return every list and every first row of the API, its description, and the metrics."""
    bearer = {"authorization": f"Bearer {plot.canaries['API token']}"}
    metrics = {"authorization": f"Bearer {plot.canaries['metrics token']}"}
    with httpx.Client(base_url=url, headers=bearer, timeout=30) as api:
        told = [api.get("/api/v1/openapi.json").content, api.get("/metrics", headers=metrics).content]
        for name in ("connections", "operations", "runs", "events", "refusals"):
            listed = api.get(f"/api/v1/{name}")
            told.append(listed.content)
            rows = listed.json() if isinstance(listed.json(), list) else listed.json().get("items", [])
            told += [api.get(f"/api/v1/{name}/{row['id']}").content for row in rows[:20] if "id" in row]
    return b"\n".join(told)


def _files(folder: Path, *patterns: str) -> bytes:
    found = [file for pattern in patterns for file in folder.rglob(pattern) if file.is_file()]
    return b"\n".join(file.read_bytes() for file in found)
