"""`make bench`: the short form of every benchmark, one after another, and one table of all their lines.

python -m benchmarks [--only door,log] [--long 1]
"""

import json
import os
import subprocess
import sys
import time

from benchmarks import ROOT, frame, house
from benchmarks.frame import Row

PROGRAMS = ("start", "door", "kills", "log", "pages", "live", "runs", "retention")


def rows_of(program: str, *, short: bool) -> list[Row]:
    """Run one program in a process of its own; a failure is a line of the table, too."""
    command = [sys.executable, "-m", f"benchmarks.{program}", "--json", *(["--short"] if short else [])]
    inherited = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    began = time.monotonic()
    done = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, env=inherited, cwd=house.BASE, check=False
    )
    frame.say(f"{program}: {time.monotonic() - began:.0f} s")
    if done.returncode:
        return [Row(f"{program} did not finish: run python -m benchmarks.{program}", 0, "", reached=False)]
    return [Row(**line) for line in json.loads(done.stdout.splitlines()[-1])]


def main() -> None:
    """Run them, print the table, and keep it beside the seeded homes."""
    asked = frame.options(__doc__ or "", only="", long=0)
    wanted = asked.only.split(",") if asked.only else PROGRAMS
    rows = [row for program in wanted for row in rows_of(program, short=not asked.long)]
    text = f"{frame.machine()}\n\n{frame.table(rows)}\n"
    (ROOT / "results.md").write_text(text)
    print(text)
    missed = sum(row.reached is False for row in rows)
    print(f"{len(rows)} lines, {missed} goals missed. Kept in {ROOT / 'results.md'}")


if __name__ == "__main__":
    main()
