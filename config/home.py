"""The folder that a copy of Switchboard owns: where it is, its keys, and where its database and broker listen."""

import base64
import hashlib
import json
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

SOCKET_LIMIT = 107  # bytes of a unix socket's path, sockaddr_un


def folder(base: Path) -> Path:
    """Return the home folder: `SWITCHBOARD_HOME`, or `var/` beside the code. Creates nothing."""
    return Path(os.environ.get("SWITCHBOARD_HOME") or base / "var").resolve()


def running(home: Path) -> dict[str, Any]:
    """Return what a running `manage.py up` wrote about itself (port, url, simulator, database_url, broker_url), or {}."""
    try:
        state: dict[str, Any] = json.loads((home / "run" / "up.json").read_text())
        os.kill(int(state["pid"]), 0)
    except (OSError, ValueError, KeyError):
        return {}
    return state


def secret_key(home: Path) -> str:
    """Return Django's signing key from `secret.key`, made on first use with mode 0600."""
    return _kept(home / "secret.key", lambda: secrets.token_urlsafe(60))


def key_ring(home: Path) -> str:
    """Return the key ring that seals credentials, from `keys`, made on first use with mode 0600."""
    return _kept(home / "keys", lambda: "k1:" + base64.b64encode(secrets.token_bytes(32)).decode())


def sockets(home: Path) -> Path:
    """Return the folder of the sockets: `run/`, or a short one below the temporary folder when its path is too long."""
    usual = home / "run"
    if len(os.fsencode(usual / ".s.PGSQL.5432.lock")) <= SOCKET_LIMIT:
        return usual
    name = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"switchboard-{os.getuid()}-{name}"


def database_url(home: Path) -> str:
    """Return the address of the embedded PostgreSQL's socket."""
    return f"postgresql://switchboard@{quote(str(sockets(home)), safe='')}/switchboard"


def broker_url(home: Path) -> str:
    """Return the address of the embedded Valkey's socket."""
    return f"redis+socket://{sockets(home) / 'valkey.sock'}"


def _kept(path: Path, make: Any) -> str:
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(make())
    except FileExistsError:
        pass  # another process of this copy was first
    return path.read_text().strip()
