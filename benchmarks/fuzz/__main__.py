"""`python -m benchmarks.fuzz`: strange requests at the door and at every form; exit 1 when any was wrong.

--headers 1000000 --bodies 200000 --forms 200000 --seed 1: as many as you have time for; a part ends after
--minutes 9. The requests are calls in this process, on the real PostgreSQL of a copy of its own under `up`.
"""

import sys
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import takewhile
from random import Random

from django.contrib.auth.hashers import make_password

from benchmarks import deliveries, frame
from benchmarks.deliveries import Sender
from benchmarks.fuzz import door, forms
from benchmarks.fuzz.door import Outcome
from benchmarks.house import House
from connections import connecting
from definitions import catalog
from operations import runs
from people.models import Person, Role
from webhooks.models import Event

Part = Callable[[int, Random, float], Outcome]
COLUMNS = ("part", "posts", "a second", "statuses", "stored", "unproven", "wrong")


def _at_the_door(cases: Callable[..., Iterable[door.Case]]) -> Part:
    def part(count: int, random: Random, until: float) -> Outcome:
        sender = Sender.of(f"Fuzz {deliveries.run_name()}")
        outcome = door.put_through(_until(until, cases(sender, count, random)))
        outcome.stored = Event.objects.filter(connection=sender.connection).count()
        outcome.unproven = door.unverified(sender)
        return outcome

    return part


def _at_the_forms(count: int, random: Random, until: float) -> Outcome:
    service = catalog.service("chatgpt-v1")
    practice = connecting.practise(service)
    runs.start(practice, "models.list", {})
    Sender.of(f"Forms {deliveries.run_name()}")
    admin = Person.objects.create(
        username=f"fuzz-{deliveries.run_name()}",
        password=make_password("a password of the fuzz"),
        role=Role.ADMIN,
    )
    return forms.post(forms.client_of(admin), count, random, until)


PARTS: dict[str, Part] = {
    "headers": _at_the_door(door.header_sets),
    "bodies": _at_the_door(door.signed_bodies),
    "forms": _at_the_forms,
}


def main() -> int:
    """Run the parts, print the table and what was wrong."""
    asked = frame.options(__doc__ or "", headers=100_000, bodies=20_000, forms=5_000, minutes=9, seed=1)
    wrong: Counter[str] = Counter()
    print(" | ".join(COLUMNS))
    with House():
        for name in (name for name in PARTS if getattr(asked, name)):
            cells, found = _row(name, PARTS[name], getattr(asked, name), asked)
            print(" | ".join(cells), flush=True)
            wrong.update(found)
    for sentence, count in wrong.most_common(20):
        print(f"{count} × {sentence}")
    return 1 if wrong else 0


def _until(end: float, cases: Iterable[door.Case]) -> Iterator[door.Case]:
    return takewhile(lambda _: time.monotonic() < end, cases)


def _row(name: str, part: Part, count: int, asked: Namespace) -> tuple[list[str], list[str]]:
    began = time.perf_counter()
    outcome = part(count, Random(asked.seed), time.monotonic() + 60 * asked.minutes)
    rate = outcome.posts / max(time.perf_counter() - began, 0.001)
    statuses = ", ".join(f"{status}: {times:,}" for status, times in sorted(outcome.statuses.items()))
    cells = [
        name,
        f"{outcome.posts:,}",
        f"{rate:,.0f}",
        statuses,
        f"{outcome.stored:,}",
        str(len(outcome.unproven)),
    ]
    return [*cells, str(len(outcome.wrong))], outcome.wrong + outcome.unproven


if __name__ == "__main__":
    sys.exit(main())
