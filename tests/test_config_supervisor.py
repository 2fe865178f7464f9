"""Children that end and come back, and stopping in order, with programs of one line."""

import signal
import sys
import time

import pytest

from config import processes
from config.supervisor import Child, Supervisor, how_it_ended

SLEEPS = "import time; print('up', flush=True); time.sleep(600)"
DEAF = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"


@pytest.fixture
def child(tmp_path):
    children = []

    def make(name="sleeper", program=SLEEPS, **fields):
        made = Child(name, [sys.executable, "-c", program], tmp_path / f"{name}.log", **fields)
        children.append(made)
        return made

    yield make
    for made in children:
        if made.process:
            processes.stop(made.process, how=signal.SIGKILL)


def wait_until(true, patience=10):
    deadline = time.monotonic() + patience
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def says_up(child):
    return child.log.exists() and "up" in child.log.read_text()


@pytest.fixture
def ended(child):
    """A child that was killed so many seconds after its start, and the pause that it had come to."""

    def make(ran, pause=1.0):
        made = child()
        made.start()
        made.process.kill()
        made.process.wait()
        made.started, made.pause = time.monotonic() - ran, pause
        return made

    return make


def test_a_child_that_ran_and_died_is_started_again_at_once(ended):
    said, sleeper = [], ended(ran=3)
    sleeper.look(said.append)
    assert said == [f"sleeper ended (signal 9); it starts again at once. See {sleeper.log}"]
    assert sleeper.process.poll() is None


def test_a_child_that_ends_soon_again_and_again_is_started_later_each_time(ended):
    said, sleeper = [], ended(ran=3, pause=8.0)
    sleeper.look(said.append)
    assert said == [f"sleeper ended (signal 9); it starts again in 5 s. See {sleeper.log}"]
    sleeper.look(said.append)
    assert sleeper.process is None  # not yet
    sleeper.due = 0
    sleeper.look(said.append)
    assert sleeper.process.poll() is None
    assert sleeper.pause == 16


def test_a_child_that_ran_well_for_long_has_its_failures_forgotten(ended):
    sleeper = ended(ran=3600, pause=30.0)
    sleeper.look([].append)
    assert sleeper.process.poll() is None
    assert sleeper.pause == 2


def test_a_child_that_does_not_listen_is_ended_when_its_patience_is_over(child):
    deaf = child("deaf", DEAF, patience=0.1)
    deaf.start()
    wait_until(lambda: says_up(deaf))
    deaf.stop()
    assert how_it_ended(deaf.process) == "signal 9"


class Recorded:
    """A server or child that notes when it is stopped."""

    process = None

    def __init__(self, name, notes):
        self.name, self.notes = name, notes

    def stop(self):
        self.notes.append(self.name)


def test_it_stops_the_children_in_order_then_the_broker_then_the_database():
    notes = []
    children = [Recorded(name, notes) for name in ("web", "beat", "worker")]
    Supervisor(
        children, database=Recorded("database", notes), broker=Recorded("broker", notes), say=print
    ).stop()
    assert notes == ["web", "beat", "worker", "broker", "database"]


def test_a_dead_database_ends_the_watch(child):
    database = child("database")
    database.start()
    database.process.kill()
    database.process.wait()
    assert Supervisor([], database=database, broker=None, say=print).watch() is False


def test_the_broker_is_started_again(child):
    broker, said = child("broker"), []
    broker.start()
    broker.process.kill()
    broker.process.wait()

    def say(sentence):
        said.append(sentence)
        supervisor.asked_to_stop.set()

    supervisor = Supervisor([], database=None, broker=broker, say=say)
    assert supervisor.watch() is True
    assert said == ["Valkey ended (signal 9); it starts again."]
    assert broker.process.poll() is None


def test_a_log_that_grew_too_long_is_put_aside(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "LOG_LIMIT", 10)
    log = tmp_path / "web.log"
    log.write_text("a line of many words\n")
    processes.spawn([sys.executable, "-c", "print('new')"], log=log).wait()
    assert log.read_text() == "new\n"
    assert (tmp_path / "web.log.old").read_text() == "a line of many words\n"
