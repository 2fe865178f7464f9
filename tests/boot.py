"""Starts PostgreSQL and Valkey for one test run, in a folder of its own, before the settings are read."""

import atexit
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import processes, services
from tests import debian

# Crash safety costs time and a test cluster has nothing to keep.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    """Run before pytest-django reads the settings; the workers of xdist inherit all of it."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if not worker:
        _start(Path(tempfile.mkdtemp(prefix="switchboard-test-")))
    os.environ["SWITCHBOARD_QUEUE"] = f"test-{worker or 'alone'}"  # workers share the broker, never a queue
    return (yield)


def _start(home: Path) -> None:
    for name in [name for name in os.environ if name.startswith("SWITCHBOARD_")]:
        del os.environ[name]
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "CELERY_BROKER_URL"):
        os.environ.pop(name, None)
    for name in ("SECRET_KEY", "DEBUG", "ALLOWED_HOSTS"):
        os.environ.pop(name, None)
    os.environ |= {
        "SWITCHBOARD_HOME": str(home),
        "SWITCHBOARD_COLLECT_STATIC": "false",
        "DJANGO_ALLOW_ASYNC_UNSAFE": "true",  # Playwright's sync API runs a loop in the test's thread
    }
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    if os.environ.get("SERVERS") == "debian":
        _use_debian(home)
        return
    postgres, valkey = services.Postgres(home, FAST), services.Valkey(home, ("--appendonly", "no"))
    atexit.register(postgres.stop)
    atexit.register(valkey.stop)
    postgres.start()
    valkey.start()
    postgres.create_database(may_create=True)


def _use_debian(home: Path) -> None:
    environment, servers = debian.start(home)
    os.environ |= environment
    for server in servers:
        atexit.register(processes.stop, server, how=signal.SIGINT)
