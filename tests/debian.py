"""PostgreSQL and Redis from Debian's packages on free ports: `SERVERS=debian` tests against foreign servers.

apt-get install postgresql redis-server        # they need not run
make test SERVERS=debian TESTS=tests/test_config_scaling.py
"""

import os
import shutil
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import psycopg

from config import processes

ROLE = "postgres"


def start(home: Path) -> tuple[dict[str, str], list[subprocess.Popen[bytes]]]:
    """Start both; return the environment that points at them, and the processes."""
    port, redis_port = _free_port(), _free_port()
    postgres = _postgres(home, port)
    redis = processes.spawn([_redis(), "--port", str(redis_port), "--dir", home], log=home / "redis.log")
    address = f"127.0.0.1:{port}/postgres"
    _wait_for(f"postgresql://{ROLE}@{address}")
    _make_roles(f"postgresql://{ROLE}@{address}")
    urls = {"DATABASE_URL": f"postgresql://switchboard_app@{address}"}
    urls |= {"DATABASE_OWNER_URL": f"postgresql://switchboard@{address}"}
    return urls | {"CELERY_BROKER_URL": f"redis://127.0.0.1:{redis_port}/0"}, [postgres, redis]


def _postgres(home: Path, port: int) -> subprocess.Popen[bytes]:
    [binaries, *_] = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    data = home / "debian"
    data.mkdir()
    other = []
    if os.geteuid() == 0:  # PostgreSQL refuses to be root; the package made a user for it
        home.chmod(0o711)
        shutil.chown(data, ROLE, ROLE)
        other = ["setpriv", f"--reuid={ROLE}", f"--regid={ROLE}", "--clear-groups"]
    made = [*other, binaries / "initdb", "-D", data, "-U", ROLE, "--auth=trust", "--locale=C.UTF-8"]
    subprocess.run(made, check=True, capture_output=True)
    quick = ["-c", "fsync=off", "-c", f"unix_socket_directories={data}", "-c", "listen_addresses=127.0.0.1"]
    server = [*other, binaries / "postgres", "-D", data, "-p", str(port), *quick]
    return processes.spawn(server, log=home / "debian.log")


def _make_roles(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE ROLE switchboard LOGIN CREATEDB")
        connection.execute("CREATE ROLE switchboard_app LOGIN")


def _redis() -> str:
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    assert found, "apt-get install redis-server"
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(psycopg.OperationalError), psycopg.connect(url, connect_timeout=2):
            return
        time.sleep(0.05)
    raise RuntimeError("Debian's PostgreSQL does not start")
