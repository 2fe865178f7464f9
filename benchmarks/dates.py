"""`python -m benchmarks.dates`: the whole suite as if it ran at other moments, at most an hour for all six.

A test that fails for five minutes of each hour, or on one Monday, is green whenever somebody looks. The wall
clock of all that the suite starts is moved, PostgreSQL's and the browser's too; what runs forward does so.
`--only monday` runs one of them, `--files test_audit_ids.py,test_webhooks_pages.py` these files.
"""

import os
import sys
import time
from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import proofs
from benchmarks.chaos import weather

# Each begins shortly before what it is named for, so that it happens among the tests.
MOMENTS = {
    "monday": "2026-11-29 23:58:40",  # a new week of events
    "year": "2026-12-31 23:59:00",
    "summer": "2027-03-28 00:59:00",  # Europe's clocks go forward
    "winter": "2027-10-31 00:57:00",
    "leap": "2028-02-29 12:01:00",
    "2030": "2029-12-31 23:58:30",  # ids are packed closer from then on (audit.ids)
}
COLUMNS = ("begins at (UTC)", "cases", "failed", "took")


def main() -> int:
    """Run the suite at each moment, print one line for each and what failed; exit 1 when something did."""
    asked = _asked()
    lines, failed = [], []
    for name in asked.only.split(","):
        began = time.monotonic()
        cases = _run(datetime.fromisoformat(MOMENTS[name]).replace(tzinfo=UTC), asked.files.split(","))
        bad = [case for case in cases if not case.passed]
        failed += [f"FAILED {name}: {case.file}: {case.name}" for case in bad]
        lines.append(
            (MOMENTS[name], len(cases), len(bad), timedelta(seconds=round(time.monotonic() - began)))
        )
    print(proofs.table(COLUMNS, lines), *failed, sep="\n")
    return 1 if failed or not all(cases for _, cases, *_ in lines) else 0


def _run(moment: datetime, files: list[str]) -> list[proofs.Case]:
    with TemporaryDirectory() as folder:
        surroundings = weather.environment(Path(folder))
        if not surroundings:
            sys.exit(
                "The clock is moved by a C library: install a compiler (`apt-get install gcc`) and try again."
            )
        weather.tell(Path(folder), round((moment - datetime.now(UTC)).total_seconds()))
        return proofs.run(files, os.environ | surroundings)


def _asked() -> Namespace:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(MOMENTS), help="some of these, with commas between them")
    parser.add_argument("--files", default="", help="files of tests/; all when none is named")
    asked = parser.parse_args()
    if unknown := set(asked.only.split(",")) - set(MOMENTS):
        parser.error(f"no such moment: {', '.join(sorted(unknown))}")
    return asked


if __name__ == "__main__":
    sys.exit(main())
