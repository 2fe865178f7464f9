"""Real faults: a worker killed in the middle, a broker that is gone. Nothing lost, nothing sent twice."""

import os
import signal
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from connections import connecting
from connections.models import Connection
from definitions import catalog
from operations import runs, wake
from operations.models import OPEN, Run, State
from tests.loopback import Loopback, answer, silence

CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture
def server():
    running = Loopback(answer(b'{"id": "x"}'))
    yield running
    running.close()


@pytest.fixture
def connection(transactional_db, settings, server) -> Connection:
    settings.PRIVATE_HOSTS = ["127.0.0.1"]
    entered = connecting.Entered("Ours", base_url=f"{server.url}/v1", credentials={"apiKey": "sk-0123456789"})
    return connecting.connect(catalog.service("chatgpt-v1"), entered)


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, list(Run.objects.values_list("state", "error_code"))
        time.sleep(0.02)


def age_leases() -> None:
    """Do what thirty seconds would do."""
    Run.objects.filter(lease__isnull=False).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_a_real_worker_through_a_dead_broker_and_a_kill(connection, server, worker, monkeypatch):
    """One worker for both, because it takes seconds to start."""
    asked_without_a_broker(connection, server, monkeypatch)
    killed_while_sending(connection, server, worker)


def asked_without_a_broker(connection, server, monkeypatch) -> None:
    """Asking answers at once, and the beat task wakes up what no message told of."""
    with monkeypatch.context() as broker:
        broker.setattr(wake.current_app, "send_task", broken)
        run = runs.start(connection, "chat_completions.create", CHAT)
        until(lambda: wake._room._value == 100)
    assert Run.objects.get().state == State.QUEUED
    Run.objects.filter(id=run.id).update(id=run.id - (20_000 << 22))  # asked twenty seconds ago
    runs.reap()
    until(lambda: not Run.objects.filter(state__in=OPEN).exists())
    assert (Run.objects.get().state, len(server.requests)) == (State.SUCCEEDED, 1)


def broken(*_: object, **__: object) -> None:
    raise OSError("the broker is down")


def killed_while_sending(connection, server, worker) -> None:
    """What was under way is unknown, what waited is done by the next worker, and nothing goes out twice."""
    server.script = silence()
    sending = runs.start(connection, "chat_completions.create", CHAT)
    waiting = [runs.start(connection, "chat_completions.create", CHAT) for _ in range(3)]
    until(lambda: len(server.requests) == 2)
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    age_leases()
    assert runs.reap() == 1
    server.script = answer(b'{"id": "x"}')
    for run in waiting:
        runs.execute(run.id)
    sending.refresh_from_db()
    assert (sending.state, sending.error_code) == (State.UNKNOWN, "worker_lost")
    assert set(Run.objects.exclude(id=sending.id).values_list("state", flat=True)) == {State.SUCCEEDED}
    assert len(server.requests) == 5
