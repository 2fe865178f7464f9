"""`manage.py up` for real: a whole copy in a folder of its own, killed piece by piece."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from config import ports
from config.services import NotReady

BASE = Path(__file__).resolve().parent.parent
OURS = ("DATABASE_URL", "CELERY_BROKER_URL", "DJANGO_SETTINGS_MODULE")


class Copy:
    """One running `manage.py up`."""

    def __init__(self, home, port):
        self.home, self.port = home, port
        self.process = self.command("up", "--port", str(port))
        self.line = self.process.stdout.readline()  # "" when it could not start; then it has said why

    def command(self, *arguments):
        environment = {name: value for name, value in os.environ.items() if name not in OURS}
        return subprocess.Popen(
            [sys.executable, "manage.py", *arguments],
            cwd=BASE,
            env=environment | {"SWITCHBOARD_HOME": str(self.home)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @property
    def started(self):
        assert self.line.startswith(f"Switchboard is at http://localhost:{self.port} "), (
            self.process.stderr.read()
        )
        return True

    def child(self, *words):
        """Return the supervisor's child whose command line holds these words."""
        for process in psutil.Process(self.process.pid).children():
            with suppress(psutil.Error):  # it ended meanwhile
                line = " ".join(process.cmdline())
                if all(word in line for word in words):
                    return process
        return None

    def answers(self, patience=2):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=patience) as answer:
                return json.load(answer)["status"] == "ready"
        except OSError:
            return False

    def practises(self):
        """Ask the practice service who it is, once."""
        address = json.loads((self.home / "run" / "up.json").read_text())["simulator"]
        with urllib.request.urlopen(address, timeout=30) as answer:
            return "practice" in json.load(answer)

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


@pytest.fixture
def up(tmp_path, free_port):
    copies = []

    def start(home=None, port=None):
        copies.append(Copy(home or tmp_path / "home", port or free_port()))
        return copies[-1]

    yield start
    for copy in copies:
        copy.end()


def wait_until(true, patience=30):
    deadline = time.monotonic() + patience
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def killed(copy, *words):
    """Kill -9 a child and return when another stands in its place."""
    before = copy.child(*words)
    before.kill()
    wait_until(lambda: (now := copy.child(*words)) and now.pid != before.pid)


def test_what_dies_comes_back_and_ctrl_c_leaves_nothing(up, tmp_path):
    copy = up()
    assert copy.started
    assert f"http://localhost:{copy.port}/welcome/" in copy.line
    assert copy.answers()
    assert copy.practises()  # it is still loading: whoever calls it now waits, and is not refused

    web = copy.child("manage.py", "web")
    web.kill()
    web.wait(10)
    assert copy.answers(patience=60)  # whoever calls between two web processes waits, and is not refused
    killed(copy, "celery", "worker")
    assert copy.practises()
    killed(copy, "valkey")

    second = up(home=copy.home)
    assert second.process.wait(20) == 1
    assert "already runs" in second.process.stderr.read()
    neighbour = up(home=tmp_path / "other", port=copy.port)
    assert neighbour.process.wait(20) == 1
    assert f"Port {copy.port}" in neighbour.process.stderr.read()

    children = psutil.Process(copy.process.pid).children(recursive=True)
    copy.process.send_signal(signal.SIGINT)
    copy.process.send_signal(signal.SIGINT)  # asking twice changes nothing
    assert copy.process.wait(40) == 0
    assert psutil.wait_procs(children, timeout=1)[1] == []
    assert "Traceback" not in (copy.home / "log" / "web.log").read_text()


def test_a_dead_database_ends_everything_with_a_sentence_and_the_next_start_has_the_data(up):
    copy = up()
    assert copy.started
    copy.child("postgres", "-D").kill()
    assert copy.process.wait(40) == 1
    sentence = copy.process.stderr.read().strip().splitlines()[-1]
    assert sentence.startswith("The database ended unexpectedly, so everything was stopped.")
    again = up(home=copy.home, port=copy.port)
    assert again.started
    assert again.answers()


def test_a_taken_port_is_one_sentence():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(NotReady, match=r"cannot be used .* choose another, for example `make run PORT="):
            ports.listen("127.0.0.1", taken.getsockname()[1])


def test_a_missing_module_is_one_sentence():
    # Without site-packages, as when somebody runs it with the system's Python.
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            f"import sys; sys.path.insert(0, {str(BASE)!r}); import manage; manage.main()",
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "is missing: run bin/sync" in done.stderr
    assert "Traceback" not in done.stderr
