"""`python -m benchmarks.attacks`: every threat of docs/threats.md with the cases that prove its defence.

The cases are the tests that the document names; programs that it names have commands of their own.
"""

import re
import sys

from django.conf import settings

from benchmarks import proofs

LINE = re.compile(r"^\| (T\d+) ([^|]+) \|[^|]*\| ([^|]+) \|$", re.MULTILINE)
COLUMNS = ("", "threat", "cases", "passed", "failed", "proven by", "and by the programs")


def main() -> int:
    """Run the tests that prove something once, print one line a threat; exit 1 when a case failed."""
    text = (settings.BASE_DIR / "docs" / "threats.md").read_text()
    threats = [(name, what, re.findall(r"`([^`]+)`", proof)) for name, what, proof in LINE.findall(text)]
    named = sorted({place for _, _, places in threats for place in places if place.startswith("test_")})
    cases = proofs.run(named)
    rows = []
    for name, what, places in threats:
        files = [place for place in places if place in named]
        its = [case for case in cases if case.file in files]
        passed = sum(case.passed for case in its)
        programs = ", ".join(place for place in places if place not in named)
        rows.append((name, what, len(its), passed, len(its) - passed, ", ".join(files), programs))
    print(proofs.table(COLUMNS, rows))
    failed = [case for case in cases if not case.passed]
    print(f"\n{len(rows)} threats, {len(named)} files, {len(cases):,} cases, {len(failed)} failed")
    for case in failed:
        print(f"FAILED {case.file}: {case.name}")
    empty = [name for name, _, count, *_ in rows if not count]
    return 1 if failed or empty else 0


if __name__ == "__main__":
    sys.exit(main())
