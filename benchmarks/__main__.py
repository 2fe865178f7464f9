"""`make bench`: the short form of every benchmark, one after another, and one table of all their lines.

python -m benchmarks [--only door,log] [--long 1]
"""

import json
import os
import signal
import subprocess
import sys
import time

from benchmarks import ROOT, frame, house
from benchmarks.frame import Row

# What each may take in its short form, in seconds, the making of its history included: 15 minutes in all.
PROGRAMS = {
    "door": 110, "log": 155, "pages": 65, "live": 220, "runs": 40, "retention": 135, "memory": 80,
    "start": 40, "kills": 55,
}  # fmt: skip
PATIENCE = 40  # seconds in which a program that was cut stops its copy and tells what it knows
LONG = 10  # times as much for the long form


def rows_of(program: str, budget: float, *, short: bool) -> list[Row]:
    """Run one program in a process of its own; a failure, or time that was over, is a line of the table."""
    command = [sys.executable, "-m", f"benchmarks.{program}", "--json", *(["--short"] if short else [])]
    inherited = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    began = time.monotonic()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=inherited, cwd=house.BASE
    ) as process:
        said = _said(process, budget)
    frame.say(f"{program}: {time.monotonic() - began:.0f} s of {budget:.0f}")
    try:
        return [Row(**line) for line in json.loads(said.splitlines()[-1])]
    except (IndexError, ValueError):
        return [Row(f"{program} did not finish: run python -m benchmarks.{program}", 0, "", reached=False)]


def _said(process: "subprocess.Popen[str]", budget: float) -> str:
    """Return what it printed; when its time is over it is asked to end, and ended when it does not."""
    try:
        return process.communicate(timeout=budget)[0]
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
    try:
        return process.communicate(timeout=PATIENCE)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        return process.communicate()[0]


def main() -> None:
    """Run them, print the table after each, and keep it beside the seeded homes."""
    asked = frame.options(__doc__ or "", only="", long=0)
    rows: list[Row] = []
    for program in asked.only.split(",") if asked.only else PROGRAMS:
        budget = PROGRAMS.get(program, 300) * (LONG if asked.long else 1)
        rows += rows_of(program, budget, short=not asked.long)
        text = f"{frame.machine()}\n\n{frame.table(rows)}\n"
        (ROOT / "results.md").write_text(text)
    print(text)
    missed = sum(row.reached is False for row in rows)
    print(f"{len(rows)} lines, {missed} goals missed. Kept in {ROOT / 'results.md'}")


if __name__ == "__main__":
    main()
