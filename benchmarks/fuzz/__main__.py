"""`python -m benchmarks.fuzz`: strange requests at the door and at every form; exit 1 when any was wrong.

--headers 1000000 --bodies 200000 --forms 200000 --wire 25000 --seed 1: as many as you have time for; a part
ends after --minutes 30. `wire` goes over sockets to the web process of a real `manage.py up`; the others are
calls in this process, on the real PostgreSQL of that copy. A case is made from seed and number alone:
`--headers 1 --first 4711` makes case 4711 again.
"""

import sys
import time
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections import Counter

from django.conf import settings
from django.db import connection

from benchmarks.fuzz.outcome import Outcome
from benchmarks.fuzz.parts import PARTS, Part
from benchmarks.house import House

COUNTS = {"wire": 2_500, "headers": 100_000, "bodies": 20_000, "forms": 10_000}
COLUMNS = ("part", "posts", "a second", "statuses", "stored", "unproven", "wrong")
TOLD = 60.0  # seconds between two lines of progress
SHOWN = 5  # of what was wrong in a stretch, at once; the rest comes at the end
CHEAP = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # Argon2 would take most of the time of a sign-in


def main() -> int:
    """Run the parts, print the table and what was wrong."""
    asked = _options()
    settings.PASSWORD_HASHERS = CHEAP
    wrong: Counter[str] = Counter()
    print(" | ".join(COLUMNS), flush=True)
    with House(SWITCHBOARD_TRUSTED_PROXIES="127.0.0.1") as house:
        house.settle()
        _hurry()
        for name, part in PARTS.items():
            if getattr(asked, name):
                wrong.update(_row(house, name, part, asked))
    for sentence, count in wrong.most_common(40):
        print(f"{count} × {sentence}")
    print(f"{wrong.total()} wrong, seed {asked.seed}")
    return 1 if wrong else 0


def _hurry() -> None:
    """Let commits not wait for the disk: nothing here is kept, and a busy disk makes the door say 503."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER DATABASE switchboard SET synchronous_commit = off")


def _row(house: House, name: str, part: Part, asked: Namespace) -> list[str]:
    """Run one part until its time is over, print its line and return what was wrong."""
    began = told = time.monotonic()
    outcome = Outcome()
    numbers = range(asked.first, asked.first + getattr(asked, name))
    for stretch in part(house, numbers, asked.seed):
        outcome.add(stretch)
        for sentence in (stretch.wrong + stretch.unproven)[:SHOWN]:
            print(f"  {sentence}", file=sys.stderr, flush=True)
        if time.monotonic() - told > TOLD:
            told = time.monotonic()
            print(f"  {_line(name, outcome, told - began)}", file=sys.stderr, flush=True)
        if time.monotonic() - began > 60 * asked.minutes:
            break
    print(_line(name, outcome, time.monotonic() - began), flush=True)
    for sentence, count in outcome.busy.most_common():
        print(f"  the log said {count} times: {sentence}")
    return outcome.wrong + outcome.unproven


def _line(name: str, outcome: Outcome, seconds: float) -> str:
    statuses = ", ".join(f"{status}: {times:,}" for status, times in sorted(outcome.statuses.items()))
    counts = f"{outcome.stored:,} | {len(outcome.unproven)} | {len(outcome.wrong)}"
    return f"{name} | {outcome.posts:,} | {outcome.posts / max(seconds, 0.001):,.0f} | {statuses} | {counts}"


def _options() -> Namespace:
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    for name, default in COUNTS.items():
        parser.add_argument(f"--{name}", type=int, default=default, help=f"cases of this part ({default})")
    parser.add_argument("--first", type=int, default=0, help="the number of the first case of each part (0)")
    parser.add_argument("--minutes", type=float, default=30, help="the longest that a part goes on (30)")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
