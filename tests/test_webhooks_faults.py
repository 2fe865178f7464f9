"""Everything that was answered 200 is there afterwards: the web process killed, the database frozen, then
killed.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import httpx
import psutil
import pytest

from connections.signing import key
from definitions import catalog
from tests.accounts import KEY, SERVICE, new_signing_secret
from tests.doors import body
from tests.test_config_up import BASE, OURS, killed, up, wait_until  # noqa: F401  # pytest finds the fixture
from webhooks import signatures

pytestmark = pytest.mark.timeout(240)


class Load:
    """A sender that never stops and remembers every delivery that was answered 200."""

    def __init__(self, url: str, secret: str) -> None:
        self.url, self.key = url, key(catalog.service(SERVICE).webhooks, secret)
        self.acknowledged: set[str] = set()
        self.statuses: list[int] = []
        self.slowest = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Load":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        with httpx.Client(timeout=30) as client:
            for number in range(100_000):
                if self._stop.is_set():
                    return
                self._deliver(client, f"wh_{number}")

    def _deliver(self, client: httpx.Client, name: str) -> None:
        said, now, began = body(data={"id": name}), int(time.time()), time.monotonic()
        headers = {
            "webhook-id": name,
            "webhook-timestamp": str(now),
            "webhook-signature": signatures.sign(self.key, name, now, said),
        }
        try:
            status = client.post(self.url, content=said, headers=headers).status_code
        except httpx.HTTPError:
            status = 0  # refused or cut off: the sender comes again
        self.slowest = max(self.slowest, time.monotonic() - began)
        self.statuses.append(status)
        if status == 200:
            self.acknowledged.add(name)

    def goes_on(self) -> bool:
        """Tell whether deliveries are taken again."""
        before = len(self.acknowledged)
        wait_until(lambda: len(self.acknowledged) > before + 5, 60)
        return True


@contextmanager
def frozen(process: psutil.Process):
    """Stop the database and all its backends without killing them."""
    everyone = [process, *process.children(recursive=True)]
    for one in everyone:
        one.send_signal(signal.SIGSTOP)
    yield
    for one in everyone:
        one.send_signal(signal.SIGCONT)


def connected(copy, secret: str) -> str:
    """Connect an account by the command line and return the address of its endpoint."""
    given = json.dumps({"apiKey": KEY, "webhook_secret": secret})
    command = [sys.executable, "manage.py", "connect", SERVICE, "Load"]
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    environment |= {"SWITCHBOARD_HOME": str(copy.home)}
    done = subprocess.run(
        command, input=given, env=environment, cwd=BASE, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)["endpoint_url"]


def stored(copy) -> dict[str, str]:
    """Return what is stored, by the command line: delivery id -> object id."""
    out, _ = copy.command("events", "--connection", "Load").communicate(timeout=120)
    return {(event := json.loads(line))["delivery_id"]: event["object_id"] for line in out.splitlines()}


def test_what_was_acknowledged_is_there_whatever_dies(up):  # noqa: F811
    copy = up()
    assert copy.started
    secret = new_signing_secret()
    with Load(connected(copy, secret), secret) as load:
        load.goes_on()
        killed(copy, "manage.py", "web")
        load.goes_on()
        assert load.statuses.count(0) <= 1  # who was cut off; who came meanwhile waited for the next process
        load.slowest = 0.0
        database = copy.child("postgres", "-D")
        with frozen(database):
            wait_until(lambda: load.statuses[-2:] == [503, 503], 20)
        load.goes_on()
        assert (
            load.slowest < 6
        )  # a frozen database is a 503 within five seconds, and a moment on a busy machine
    kept = stored(copy)
    assert load.acknowledged <= set(kept)
    assert all(kept[name] == name for name in load.acknowledged)
    assert set(load.statuses) <= {0, 200, 503}
    database.kill()
    copy.process.wait(60)
    again = up(home=copy.home)
    assert again.started
    assert stored(again) == kept
