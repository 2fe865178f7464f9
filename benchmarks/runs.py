"""A run through Celery, from its start to the stored result, against bare httpx to the same loopback server.

    python -m benchmarks.runs [--short] [--count 10000] [--behind 1000000]

The server is the practice service of the same copy; both sides send the same request. Throughput is that
of the copy's one worker with its two processes, whose memory is looked at before and after all runs.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import psycopg
from django.conf import settings

from audit import ids
from benchmarks import frame, house, proc, seed
from benchmarks.frame import Goal, Row
from benchmarks.rounds import Rounds
from config import home as homes
from connections import connecting
from connections.models import Connection
from definitions import catalog
from live import hub
from operations import build, runs
from operations.models import FINAL, Attempt, Run

OPERATION = "chat_completions.create"
VALUES = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Say how the weather is."}]}
SEVERAL = 40  # runs or calls of one reading
PATIENCE = 60.0  # seconds


@dataclass
class Bench:
    """A copy with a practice connection, and what its runs came to."""

    house: house.House
    connection: Connection
    listening: "psycopg.Connection[Any]"
    times: dict[str, list[float]] = field(default_factory=dict)

    def submit(self) -> float:
        """Return the median milliseconds from starting a run to its stored result, one after another."""
        return self._several("run", self._one_run)

    def call(self) -> float:
        """Return the median milliseconds of the same request through httpx, one after another."""
        with httpx.Client(trust_env=False) as client:
            return self._several("httpx", lambda: self._one_call(client))

    def rate(self, count: int) -> float:
        """Return runs a second, from the first start to the last stored result."""
        began = time.perf_counter()
        started = [runs.start(self.connection, OPERATION, VALUES).id for _ in range(count)]
        waiting = Run.objects.filter(id__gte=min(started)).open()
        while waiting.exists():
            assert time.perf_counter() - began < PATIENCE + count / 10, f"{waiting.count()} runs never ended"
            time.sleep(0.05)
        return count / (time.perf_counter() - began)

    def _several(self, name: str, once: Callable[[], float]) -> float:
        taken = [once() for _ in range(SEVERAL)]
        self.times.setdefault(name, []).extend(taken)
        return frame.percentile(taken, 0.5)

    def _one_run(self) -> float:
        """Hear of the end as a page does: by the news that come with the commit."""
        began = time.perf_counter()
        run = runs.start(self.connection, OPERATION, VALUES)
        for news in self.listening.notifies(timeout=PATIENCE):
            ours = news.payload == f"run {run.id}"
            if ours and Run.objects.filter(id=run.id, state__in=FINAL).exists():
                return (time.perf_counter() - began) * 1000
        raise AssertionError("the run never ended")

    def _one_call(self, client: httpx.Client) -> float:
        connection = self.connection
        service = catalog.service(connection.service)
        operation = catalog.operation(connection.service, OPERATION)
        request = build.request(
            service, operation, VALUES, connection.credentials(), base_url=settings.SIMULATOR_URL
        )
        began = time.perf_counter()
        answer = client.request(
            request.method, request.url, headers=list(request.headers), content=request.body
        )
        assert answer.status_code == 200
        return (time.perf_counter() - began) * 1000


def measure(bench: Bench, rounds: int, count: int) -> Iterator[Row]:
    """Take turns, then look at what all the runs came to."""
    before, first = _worker_memory(bench.house), ids.new_id()
    taken = Rounds(
        {"httpx": bench.call, "run": bench.submit, "rate": lambda: bench.rate(SEVERAL * 5)}, rounds
    )
    bare, run = bench.times["httpx"], bench.times["run"]
    for share, most in ((0.5, 30), (0.99, 80)):
        base, whole = frame.percentile(bare, share), frame.percentile(run, share)
        note = f"run {whole:.1f} ms; {len(run)} runs, one after another"
        yield Row.of(
            f"run, more than httpx at p{share * 100:.0f}", whole - base, "ms",
            against=("httpx", base), ratio=whole / base, goal=Goal("≤", most, "ms"), note=note,
        )  # fmt: skip
    note = f"{SEVERAL * 5} runs at once"
    yield taken.row("runs of one worker", "rate", "/s", goal=Goal("≥", 100, "/s"), note=note)
    if count:
        yield Row.of("the same", bench.rate(count), "/s", note=f"{count:,} runs at once")
    ours = Run.objects.filter(id__gt=first)
    note = ", ".join(
        f"{number:,} {state}" for state, number in Counter(ours.values_list("state", flat=True)).items()
    )
    memory = _worker_memory(bench.house)
    yield Row.of("memory of the worker", memory, "MiB", note=f"{before:.0f} MiB before; {note}")
    twice = Attempt.objects.filter(number__gt=1, run_id__gt=first).count()
    yield Row.of("attempts beyond the first", twice, "attempts", goal=Goal("≤", 0, "attempts"))
    yield from taken.weather()


def _worker_memory(copy: house.House) -> float:
    return sum(proc.share(pid) for pid in copy.pids("celery", "worker"))


def main() -> None:
    """Run it."""
    asked = frame.options(__doc__ or "", count=0, behind=0)
    home = seed.store(min(asked.behind, 1_000_000), asked.behind) if asked.behind else None
    with house.House(home) as copy:
        copy.settle()
        settings.SIMULATOR_URL = copy.simulator
        with psycopg.connect(str(homes.running(copy.home)["database_url"]), autocommit=True) as listening:
            listening.execute(f"LISTEN {hub.CHANNEL}")
            practice = connecting.practise(catalog.service("chatgpt-v1"))
            bench = Bench(copy, practice, listening)
            rows = measure(bench, asked.rounds, asked.count or (0 if asked.short else 10_000))
            title = f"Runs, with {asked.behind:,} behind them"
            frame.report(title, rows, as_json=asked.json)


if __name__ == "__main__":
    main()
