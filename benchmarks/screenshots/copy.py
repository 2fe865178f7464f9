"""A copy of Switchboard in a temporary folder, on a port of its own; only its own processes are ended."""

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from config import ports, processes

BASE = Path(__file__).resolve().parent.parent.parent
READY = re.compile(r"Switchboard is at (\S+) – set up the first account: (\S+)")
PATIENCE = 180  # seconds; a busy machine takes its time


@dataclass(frozen=True)
class Copy:
    """Where it is, and the one-time link of its first person."""

    url: str
    link: str


@contextmanager
def running() -> Iterator[Copy]:
    """Start a copy and give its address; stop it in order afterwards. Raises RuntimeError with its words."""
    with tempfile.TemporaryDirectory(prefix="switchboard-screenshots-") as home:
        port, log = ports.free(), Path(home) / "up.log"
        environment = {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "SWITCHBOARD_HOME": str(Path(home) / "var"),
            "SWITCHBOARD_COLLECT_STATIC": "true",
            "SWITCHBOARD_PRIVATE_HOSTS": f"localhost:{port}",
        }
        command = [sys.executable, "manage.py", "up", "--port", str(port)]
        up = processes.spawn(command, log=log, folder=BASE, environment=environment)
        try:
            yield _ready(up, log)
        finally:
            processes.stop(up, patience=60)


def _ready(up: subprocess.Popen[bytes], log: Path) -> Copy:
    deadline = time.monotonic() + PATIENCE
    while not (said := READY.search(log.read_text())):
        if up.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"The copy does not start: {log.read_text()[-2000:]}")
        time.sleep(0.1)
    return Copy(said[1], said[2])
