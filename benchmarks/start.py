"""How soon `manage.py up` serves the first page when everything is installed, and what the house weighs at
rest.

    python -m benchmarks.start [--short]
"""

import http.client
import subprocess
import sys
import time
from collections.abc import Iterator

from benchmarks import frame, house, proc
from benchmarks.frame import Goal, Row
from benchmarks.rounds import Rounds

REST = 8.0  # seconds after the start until the house counts as resting


def first_page(copy: house.House) -> float:
    """Start the copy and return the seconds until a whole page was served."""
    began = time.perf_counter()
    copy.start()
    line = http.client.HTTPConnection("127.0.0.1", copy.port)
    line.request("GET", "/sign-in/")
    answer = line.getresponse()
    assert answer.status == 200
    assert answer.read()
    return time.perf_counter() - began


def interpreter() -> float:
    """Return the seconds in which a Python loads what any such web process loads: the limit of a start."""
    began = time.perf_counter()
    words = [sys.executable, "-c", "import django.db, django.forms, django.http, psycopg, uvicorn"]
    subprocess.run(words, check=True)
    return time.perf_counter() - began


def memory(copy: house.House) -> dict[str, float]:
    """Return the MiB of each kind of process, shared pages divided among those that share them."""
    assert copy.up
    kinds = {"web": "manage.py web", "worker": "celery_workers", "beat": "config beat"}
    kinds |= {
        "simulator": "config.practice",
        "PostgreSQL": "postgres",
        "Valkey": "valkey",
        "up": "manage.py up",
    }
    found = dict.fromkeys(kinds, 0.0)
    for pid in [copy.up.pid, *proc.descendants(copy.up.pid)]:
        name = next((name for name, words in kinds.items() if words in proc.command(pid)), "up")
        found[name] += proc.share(pid)
    return found


def measure(copy: house.House, rounds: int) -> Iterator[Row]:
    """Start and stop it again and again; weigh it once."""
    first = first_page(copy)

    def again() -> float:
        copy.stop()
        return first_page(copy)

    taken = Rounds({"start": again, "interpreter": interpreter}, rounds)
    note = f"the very first start, with a new database: {first:.1f} s"
    goal = Goal("≤", 3, "s")
    yield taken.row("start to the first served page", "start", "s", goal=goal, note=note)
    what = "start, over a Python that loads Django, uvicorn and psycopg"
    yield taken.row(what, "start", "s", against="interpreter")
    time.sleep(REST)
    parts = memory(copy)
    note = ", ".join(f"{name} {size:.0f}" for name, size in parts.items() if size)
    yield Row.of("whole house at rest", sum(parts.values()), "MiB", goal=Goal("≤", 400, "MiB"), note=note)
    yield from taken.weather()


def main() -> None:
    """Run it."""
    asked = frame.options(__doc__ or "")
    copy = house.House()
    try:
        frame.report("Start and rest", measure(copy, asked.rounds), as_json=asked.json)
    finally:
        copy.__exit__(None, None, None)


if __name__ == "__main__":
    main()
