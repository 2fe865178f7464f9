"""Whole pages from the server of a running copy with a long history, against a page that is only the frame.

python -m benchmarks.pages [--short] [--events 10000000] [--runs 1000000]
"""

import http.client
import statistics
import time
from collections.abc import Iterator

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks import cases, frame, house, seed
from benchmarks.cases import Case
from benchmarks.frame import Goal, Row
from benchmarks.rounds import Rounds
from operations.models import Run
from overview import hours
from people.models import Person
from webhooks.models import Event, Rejection

FRAME = "/benchmark/frame/"
TIMES = 30  # requests of one reading: with 15 the same pages were at 2.9 and at 3.3 × the frame


class Visitor:
    """Somebody signed in, over one kept connection to the web process."""

    def __init__(self, port: int, client: Client) -> None:
        self._line = http.client.HTTPConnection("127.0.0.1", port)
        self._cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"

    def milliseconds(self, url: str, times: int = TIMES) -> float:
        """Return the median time of the whole page. Raises AssertionError unless it is answered 200."""
        return statistics.median(self._once(url) for _ in range(times))

    def _once(self, url: str) -> float:
        began = time.perf_counter()
        self._line.request("GET", url, headers={"cookie": self._cookie})
        answer = self._line.getresponse()
        answer.read()
        assert answer.status == 200, f"{url} answered {answer.status}"
        return (time.perf_counter() - began) * 1000


def addresses() -> dict[str, str]:
    """Return the pages of the house by name, each list at its first page and with one filter."""
    wanted = ("log: first page", "log: at random depth", "log: busy connection", "runs: first page")
    asked: list[Case] = [*cases.log(), *cases.runs()]
    lists = {case.name: case.url for case in asked if case.name in wanted}
    details = {
        f"one {name}": model.objects.order_by("-pk")[0].get_absolute_url()
        for name, model in (("event", Event), ("refusal", Rejection), ("run", Run))
    }
    return {**{case.name: case.url for case in cases.others()}, **lists, **details}


def signed_in() -> Client:
    """Return a test client that is signed in as the seeded admin."""
    client = Client(SERVER_NAME="localhost")
    client.force_login(Person.objects.get(username="benchmark"))
    return client


def count_queries(client: Client, url: str) -> int:
    """Return how many statements a page sends, once it is warm."""
    client.get(url)
    with CaptureQueriesContext(connection) as asked:
        client.get(url)
    return len(asked)


def measure(port: int, rounds: int) -> Iterator[Row]:
    """Take turns over all pages and yield a line for each."""
    hours.count()  # the worker that is held does so every minute
    client = signed_in()
    visitor, pages = Visitor(port, client), addresses()
    queries = {name: count_queries(client, url) for name, url in pages.items()}
    every = {"frame": FRAME, **pages}
    taken = Rounds({name: lambda url=url: visitor.milliseconds(url) for name, url in every.items()}, rounds)
    for name in pages:
        yield taken.row(f"page, {name}", name, "ms", against="frame", goal=Goal("≤", 3))
        yield Row.of(f"queries, {name}", queries[name], "queries", goal=Goal("≤", 12, "queries"))
    yield from taken.weather()


def main() -> None:
    """Run it."""
    asked = frame.options(__doc__ or "", events=0, runs=0)
    events = asked.events or (1_000_000 if asked.short else 10_000_000)
    runs = asked.runs or 1_000_000
    title = f"Whole pages with {events:,} events and {runs:,} runs behind them"
    with house.House(seed.store(events, runs)) as copy:
        copy.hold_workers()
        frame.report(title, measure(copy.port, asked.rounds), as_json=asked.json)
        copy.release_workers()


if __name__ == "__main__":
    main()
