"""Every query that a list of the pages or the API makes, timed in the database at three sizes in turns.

    python -m benchmarks.log [--short] [--plans 1] [--burst 1] [--sizes 10000,1000000,10000000]

The lists are asked through Django's test client, every SELECT is carried out again under EXPLAIN ANALYZE,
and the times (planning included) of one list's queries are added up, with what they read. With --burst
12,000 events and runs of one connection have come last; they are removed afterwards.
"""

import statistics
from collections.abc import Iterator
from contextlib import ExitStack

from django.db import connection, transaction

from benchmarks import burst, cases, frame, house, queries, seed
from benchmarks.cases import Case
from benchmarks.frame import Goal, Row
from overview import hours
from people.models import Person

MOST_RUNS = 1_000_000
GOALS = {
    "list": (Goal("≤", 5, "ms"), Goal("≤", 2)),  # the second: over its time at the smallest size
    "search": (Goal("≤", 100, "ms"),),
}
NOISE = 0.5  # ms: below it, how often one time is another says nothing


class Size:
    """One seeded home, what its pages ask, and how long that took in each round."""

    def __init__(self, events: int) -> None:
        self.events = events
        self.home = seed.store(events, min(events, MOST_RUNS))
        self.asked: dict[Case, list[queries.Query]] = {}
        self.unknown: list[str] = []
        self.times: dict[str, list[float]] = {}
        self.plans: dict[str, list[queries.Plan]] = {}

    def find(self) -> None:
        """Ask every page once, and keep its queries."""
        house.point_at(self.home)
        hours.count()  # as the worker does every minute
        with transaction.atomic():
            client = queries.client(Person.objects.get(username="benchmark"))
            for case in (*cases.log(), *cases.runs(), *cases.api(), *cases.others()):
                if queries.knows(client, case.url, case.filters):
                    self.asked[case] = queries.asked(client, case.url)
                else:
                    self.unknown.append(case.name)
            transaction.set_rollback(True)

    def round(self) -> None:
        """Carry out every query once more."""
        house.point_at(self.home)
        with connection.cursor() as cursor:  # a fresh connection reads the catalogue of all partitions once
            cursor.execute("EXPLAIN SELECT FROM webhooks_event ORDER BY type, id LIMIT 1")
        for case, asked in self.asked.items():
            plans = [queries.explained(query) for query in asked]
            self.times.setdefault(case.name, []).append(sum(plan.milliseconds for plan in plans))
            self.plans[case.name] = plans

    def median(self, name: str) -> float:
        """Return the median time of a page's queries, the first round left out as the warm-up."""
        return statistics.median(self.times[name][1:])


def rows(sizes: list[Size]) -> Iterator[Row]:
    """Yield a line for each page at the largest size, against the smallest."""
    small, large = sizes[0], sizes[-1]
    for case in large.asked:
        if case.name not in small.times:
            continue
        base, value = small.median(case.name), large.median(case.name)
        between = ", ".join(f"{size.events:,}: {size.median(case.name):.2f} ms" for size in sizes[1:-1])
        read = sum(plan.read for plan in large.plans[case.name])
        note = f"{len(large.plans[case.name])} queries read {read:,} rows" + (between and f"; {between}")
        against = (f"at {small.events:,}", max(base, NOISE))
        yield Row.of(case.name, value, "ms", against=against, goal=GOALS[case.kind], note=note)
    for name in large.unknown:
        yield Row.of(name, 0, "ms", note="the page has no such filter")


def show_plans(size: Size) -> None:
    """Print what each query of each page read."""
    for name, plans in size.plans.items():
        frame.say(f"{name} at {size.events:,} events")
        for plan in sorted(plans, key=lambda plan: -plan.milliseconds)[:4]:
            frame.say(f"    {plan}\n        {' '.join(plan.sql.split())[:300]}")


def main() -> None:
    """Run it."""
    asked = frame.options(__doc__ or "", sizes="", plans=0, burst=0)
    default = "10000,1000000" if asked.short else "10000,1000000,10000000"
    sizes = [Size(int(size)) for size in (asked.sizes or default).split(",")]
    with ExitStack() as servers:
        for size in sizes:
            servers.enter_context(seed.opened(size.home))
            if asked.burst:
                servers.enter_context(burst.at_the_end(size.home))
            size.find()
        for number in range(asked.rounds + 1):
            for size in sizes:
                size.round()
            frame.say(f"  round {number or 'warm-up'} done")
    if asked.plans:
        show_plans(sizes[-1])
    frame.report(f"The log and the history at {sizes[-1].events:,} events", rows(sizes), as_json=asked.json)


if __name__ == "__main__":
    main()
