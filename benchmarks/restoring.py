"""Backup and restore of a realistic database: how long each takes, and that nothing is sent twice by it.

python -m benchmarks.restoring [--events 200000] [--runs 50000]

Runs are left as if they were being sent when the backup was made. The restored copy is started as a whole:
they are `unknown`, their connections wait for an admin, and after the reaper has looked around no attempt is
there that was not there before.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from django.db.models import Max

from benchmarks import ROOT, frame, house, seed
from benchmarks.frame import Goal, Row
from connections.models import Connection
from operations.models import Attempt, Run
from operations.models.run import State

SENDING, QUEUED = 5, 5  # runs that are under way while the backup is made
RULE = Goal("≤", 15, "min")  # threats.md, D-19
AROUND = 25  # seconds: beat looks for runs that lie every ten


def measure(events: int, runs: int) -> Iterator[Row]:
    """Yield what backup and restore took, and what became of the runs that were under way."""
    old, new, file = seed.fresh(events, runs), ROOT / f"restored-{os.getpid()}", ROOT / "backup.tar"
    seed.forget(new)
    try:
        with seed.opened(old):
            _leave_under_way()
        took = _manage(old, "backup", str(file))
        yield Row.of("backup", took / 60, "min", note=f"{events:,} events, {runs:,} runs: {_mega(file)} MB")
        took = _manage(new, "restore", str(file))
        yield Row.of("restore into a fresh home", took / 60, "min", goal=RULE, note=f"{took:.0f} s")
        yield from _afterwards(new)
    finally:
        file.unlink(missing_ok=True)
        for home in (old, new):
            seed.forget(home)


def _leave_under_way() -> None:
    newest = list(Run.objects.order_by("-id").values_list("id", flat=True)[: SENDING + QUEUED])
    Run.objects.filter(id__in=newest[:SENDING]).update(state=State.SENDING, finished_at=None)
    Run.objects.filter(id__in=newest[SENDING:]).update(state=State.QUEUED, finished_at=None)


def _afterwards(home: Path) -> Iterator[Row]:
    with seed.opened(home):
        restored = Run.objects.filter(error_code="restored")
        unknown, cancelled = (restored.filter(state=one).count() for one in (State.UNKNOWN, State.CANCELLED))
        last, running = (
            Attempt.objects.aggregate(last=Max("id"))["last"],
            Connection.objects.filter(paused=False),
        )
        goal = Goal("≥", SENDING, "runs")
        yield Row.of("were being sent, are unknown", unknown, "runs", goal=goal)
        yield Row.of("had not been sent, are cancelled", cancelled, "runs", goal=Goal("≥", QUEUED, "runs"))
        yield Row.of("connections that go on by themselves", running.count(), "", goal=Goal("≤", 0, ""))
    with house.House(home):
        time.sleep(AROUND)
        again = Attempt.objects.filter(id__gt=last or 0).count()
        note = f"the whole copy ran for {AROUND} s"
        yield Row.of("attempts after the restore", again, "", goal=Goal("≤", 0, ""), note=note)


def _manage(home: Path, *words: str) -> float:
    """Run a command of the product on that home as an administrator would; return its seconds."""
    environment = {**os.environ, **house.told(home), "DJANGO_SETTINGS_MODULE": "config.settings"}
    began = time.monotonic()
    subprocess.run(
        [sys.executable, "manage.py", *words], env=environment, cwd=house.BASE, check=True, stdout=sys.stderr
    )
    return time.monotonic() - began


def _mega(file: Path) -> str:
    return f"{file.stat().st_size / 1e6:,.0f}"


def main() -> None:
    """Run it."""
    asked = frame.options(__doc__ or "", events=200_000, runs=50_000)
    frame.report("Backup and restore", measure(asked.events, asked.runs), as_json=asked.json)


if __name__ == "__main__":
    main()
