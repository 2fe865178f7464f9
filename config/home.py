"""The folder that a copy of Switchboard owns: its keys, its sockets, what a running `manage.py up` says."""

import base64
import fcntl
import hashlib
import json
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

SOCKET_LIMIT = 107  # bytes of a unix socket's path, sockaddr_un


class Unusable(Exception):
    """The home folder cannot be used; the message is a sentence that says why and what to do."""


def folder(base: Path) -> Path:
    """Return the home folder: `SWITCHBOARD_HOME`, or `var/` beside the code. Creates nothing."""
    return Path(os.environ.get("SWITCHBOARD_HOME") or base / "var").resolve()


def bytecode(home: Path) -> dict[str, str]:
    """Return the environment in which Python keeps compiled modules here, when it may not beside the sources.

    Otherwise every program compiles all of Django at every start: 3.5 s of processor time instead of 1.5.
    """
    if os.access(sys.prefix, os.W_OK) and not sys.dont_write_bytecode:
        return {}
    return {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(home / "bytecode")}


def keep_bytecode(home: Path) -> None:
    """Do the same for this program, once one of those it started has made the folder."""
    prefix = bytecode(home).get("PYTHONPYCACHEPREFIX", "")
    if Path(prefix).is_dir() and prefix:
        sys.dont_write_bytecode, sys.pycache_prefix = False, prefix


def running(home: Path) -> dict[str, Any]:
    """Return what a running `manage.py up` of this home says about itself, or {} when none runs.

    Keys: port, url, simulator, private_hosts, database_url, broker_url.
    """
    try:
        with open(home / "run" / "up.json") as file:
            state: dict[str, Any] = json.load(file) if _is_locked(file) else {}
            return state
    except (OSError, ValueError):
        return {}


def claim(home: Path) -> IO[str]:
    """Make this process the one `manage.py up` of this home until it ends. Raises Unusable when another is.

    The kernel drops the lock with the process, so a file that a crash left behind deceives nobody.
    """
    path = home / "run" / "up.json"
    make_folder(path.parent)
    file = open(path, "a+")  # noqa: SIM115  held until the process ends
    if not _locks(file):
        file.close()
        already = running(home).get("url", "")
        raise Unusable(
            f"Switchboard already runs from {home}{already and f' at {already}'}: "
            "stop it first, or give this copy a folder of its own with SWITCHBOARD_HOME."
        )
    file.truncate(0)
    return file


def announce(claimed: IO[str], state: Mapping[str, object]) -> None:
    """Write what the commands beside a running `manage.py up` need to know; {} takes it back."""
    claimed.seek(0)
    claimed.truncate()
    claimed.write(json.dumps(state))
    claimed.flush()


def secret_key(home: Path) -> str:
    """Return Django's signing key from `secret.key`, made on first use with mode 0600. Raises Unusable."""
    return _kept(home / "secret.key", lambda: secrets.token_urlsafe(60))


def key_ring(home: Path) -> Path:
    """Return the file with the key ring that seals credentials: `keys`, made on first use with mode 0600.

    Raises Unusable when it cannot be written.
    """
    _kept(home / "keys", lambda: "k1:" + base64.b64encode(secrets.token_bytes(32)).decode())
    return home / "keys"


def require_secrets() -> None:
    """Raise Unusable unless the environment brings the secrets that several machines must share."""
    if not (os.environ.get("SWITCHBOARD_KEYS_FILE") or os.environ.get("SWITCHBOARD_KEYS")):
        raise Unusable("Production needs its key ring from outside: set SWITCHBOARD_KEYS_FILE.")
    if not os.environ.get("SECRET_KEY"):
        raise Unusable(
            "Production needs SECRET_KEY: 50 or more random characters, the same on every machine."
        )


def sockets(home: Path) -> Path:
    """Return the folder of the sockets: `run/`, or a short one among temporary files when it is too long."""
    usual = home / "run"
    if len(os.fsencode(usual / ".s.PGSQL.5432.lock")) <= SOCKET_LIMIT:
        return usual
    name = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"switchboard-{os.getuid()}-{name}"


def database_url(home: Path, role: str = "switchboard_app") -> str:
    """Return the address of the embedded PostgreSQL's socket for the application, or for another role."""
    return f"postgresql://{role}@{quote(str(sockets(home)), safe='')}/switchboard"


def owner_url(home: Path) -> str:
    """Return the same address for the role that owns the tables and migrates them."""
    return database_url(home, "switchboard")


def broker_url(home: Path) -> str:
    """Return the address of the embedded Valkey's socket."""
    return f"redis+socket://{sockets(home) / 'valkey.sock'}"


def make_folder(path: Path) -> None:
    """Make a folder that only its owner may enter. Raises Unusable: not writable, or somebody else's."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = path.stat().st_uid
    except OSError as error:
        raise Unusable(_sentence(path, error)) from None
    if owner != os.getuid():
        raise Unusable(f"The folder {path} is another user's: set SWITCHBOARD_HOME to a folder of yours.")


def _kept(path: Path, make: Callable[[], str]) -> str:
    try:
        if path.exists():
            return path.read_text().strip()
        make_folder(path.parent)
        return _first_writer(path, make)
    except OSError as error:
        raise Unusable(_sentence(path, error)) from None


def _first_writer(path: Path, make: Callable[[], str]) -> str:
    # Several processes may start at once: each writes a file of its own, and the first link wins.
    mine = path.with_name(f"{path.name}.{os.getpid()}")
    with open(os.open(mine, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(make())
    try:
        os.link(mine, path)
    except FileExistsError:
        pass
    finally:
        mine.unlink()
    return path.read_text().strip()


def _locks(file: IO[str]) -> bool:
    for _ in range(5):  # a reader of the file may hold it for a moment
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except OSError:
            time.sleep(0.02)
    return False


def _is_locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _sentence(path: Path, error: OSError) -> str:
    return (
        f"{path} cannot be used ({error.strerror}): set SWITCHBOARD_HOME to a folder that you may write to."
    )
