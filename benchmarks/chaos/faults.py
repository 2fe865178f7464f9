"""What is broken, how, and for how long: one function a fault, and the table that names them."""

import os
import random
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from benchmarks import proc
from benchmarks.chaos import weather
from benchmarks.house import House

Break = Callable[[House, random.Random], None]


def kill(*words: str) -> Break:
    """Return the fault that ends one of the copy's programs with SIGKILL; the supervisor has to notice."""

    def fault(house: House, _: random.Random) -> None:
        send(house.pids(*words), signal.SIGKILL)

    return fault


def freeze(*words: str) -> Break:
    """Return the fault that stops a program for some seconds: its sockets stay open, nobody answers."""

    def fault(house: House, dice: random.Random) -> None:
        stopped = house.pids(*words)
        send(stopped, signal.SIGSTOP)
        time.sleep(dice.uniform(1.5, 4))
        send(stopped, signal.SIGCONT)

    return fault


def kill_one(*names: str) -> Break:
    """Return the fault that ends one of the processes that go by these names; its parent has to notice."""

    def fault(house: House, dice: random.Random) -> None:
        assert house.up
        named = [pid for pid in proc.descendants(house.up.pid) if proc.name(pid) in names]
        if named:
            send([dice.choice(named)], signal.SIGKILL)

    return fault


def kill_backend(house: House, dice: random.Random) -> None:
    """Kill one of PostgreSQL's own processes: the server cuts everybody off and replays its log."""
    backends = house.pids("postgres: switchboard")
    if backends:
        send([dice.choice(backends)], signal.SIGKILL)


def kill_database(house: House, _: random.Random) -> None:
    """Kill the postmaster: the whole copy ends with an error, and somebody starts it again."""
    send(house.pids("postgres", "-D"), signal.SIGKILL)
    assert house.up
    house.up.wait(60)
    house.start()


def stop_and_start(house: House, _: random.Random) -> None:
    """Stop the copy in order and start it again, as an upgrade does."""
    house.stop()
    house.start()


def fill_disk(house: House, dice: random.Random) -> None:
    """Fill the file system of the copy to the last byte for some seconds."""
    ballast = house.home / "ballast"
    with suppress(OSError), open(ballast, "wb", buffering=0) as file:
        while True:
            file.write(b"\0" * (1 << 20))
    time.sleep(dice.uniform(2, 4))
    ballast.unlink()
    _revive(house)


def move_clock(house: House, dice: random.Random) -> None:
    """Set the copy's clock, its database's too, far ahead or back for some seconds, then right again."""
    weather.tell(house.home, dice.choice((-1, 1)) * dice.randrange(20, 1200))
    time.sleep(dice.uniform(3, 6))
    weather.tell(house.home)


def break_names(house: House, dice: random.Random) -> None:
    """Let no name resolve for some seconds; the service is called by a name."""
    weather.tell(house.home, names_are_away=True)
    time.sleep(dice.uniform(3, 6))
    weather.tell(house.home)


def may(name: str, home: Path) -> bool:
    """Say whether a fault can be had here: some need a file system of their own, or a C compiler."""
    return NEEDS[name](home) if name in NEEDS else True


def may_fill(home: Path) -> bool:
    """Say whether the home lies on a file system of its own that is small enough to be filled."""
    return os.path.ismount(home) and os.statvfs(home).f_blocks * os.statvfs(home).f_frsize < 4 << 30


FAULTS: dict[str, Break] = {
    "kill -9 web": kill("manage.py", "web"),
    "kill -9 worker and all its processes": kill("celery_workers"),
    "kill -9 one of the worker's processes": kill_one("worker1", "worker2"),
    "kill -9 beat": kill_one("beat"),
    "kill -9 Valkey": kill("valkey-server"),
    "kill -9 a PostgreSQL backend": kill_backend,
    "kill -9 PostgreSQL": kill_database,
    "freeze PostgreSQL": freeze("postgres"),
    "freeze Valkey": freeze("valkey-server"),
    "freeze worker": freeze("celery_workers"),
    "stop and start in order": stop_and_start,
    "fill the disk": fill_disk,
    "move the clock": move_clock,
    "break DNS": break_names,
}
NEEDS: dict[str, Callable[[Path], bool]] = {
    "fill the disk": may_fill,
    "move the clock": weather.may_change,
    "break DNS": weather.may_change,
}


def _revive(house: House) -> None:
    # A server that could not write may have ended, and the copy with it: somebody starts it again.
    time.sleep(1)
    if house.up and house.up.poll() is not None:
        house.start()


def send(pids: Sequence[int], number: int) -> None:
    """Send a signal to these processes; those that are gone are no matter."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
