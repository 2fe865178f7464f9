"""`/metrics` for Prometheus, behind a bearer token: the door's answers, what waits, and how long already."""

import asyncio
import hmac
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta

from django.conf import settings
from django.db import Error, connection
from django.db.models import Count, Max, Min
from django.utils import timezone
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from audit import ids
from config.health import Receive, Scope, Send, answer
from operations.models import Run
from overview.models import Pulse
from webhooks.models import Event

RECENT = timedelta(minutes=5)
_answered: Mapping[int, int] = {}


def count(answered: Mapping[int, int]) -> None:
    """Show what the door answered, number by status: it counts for itself, which takes 0.1 µs each."""
    global _answered
    _answered = answered


async def metrics(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with all figures: 404 while no token is set, 401 to whoever does not bring it."""
    token = settings.METRICS_TOKEN
    brought = dict(scope["headers"]).get(b"authorization", b"")
    if not token:
        await answer(send, 404, {"status": "set SWITCHBOARD_METRICS_TOKEN to open the metrics"})
    elif not hmac.compare_digest(brought, b"Bearer " + token.encode()):
        await answer(send, 401, {"status": "the bearer token is missing or wrong"})
    else:
        text = generate_latest(REGISTRY) + await asyncio.to_thread(_of_the_house)
        headers = [(b"content-type", CONTENT_TYPE_LATEST.encode()), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": text})


def _of_the_house() -> bytes:
    registry = CollectorRegistry()
    registry.register(Answers())
    registry.register(House())
    try:
        return generate_latest(registry)
    finally:
        connection.close()  # a thread of the pool keeps none; every quarter of a minute is seldom


class Answers(Collector):
    """What the door of this process answered."""

    def collect(self) -> Iterator[Metric]:
        """Yield one figure a status."""
        said = "Deliveries that this process answered, by the status it gave."
        found = CounterMetricFamily("switchboard_deliveries", said, labels=["status"])
        for status, number in sorted(_answered.items()):
            found.add_metric([str(status)], number)
        yield found


class House(Collector):
    """What the database knows, the same from every web process; when it is silent, only that is told."""

    def describe(self) -> list[Metric]:
        """Return nothing: the figures are collected when somebody asks, not when this is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield the figures; each is one query over a partial index or over the last minutes."""
        began = time.perf_counter()
        try:
            connection.ensure_connection()
            found = [*_runs(), *_events(), *_worker()]
        except Error:
            yield GaugeMetricFamily("switchboard_database_up", "Whether the database answers.", 0)
            return
        yield GaugeMetricFamily("switchboard_database_up", "Whether the database answers.", 1)
        yield from found
        took = time.perf_counter() - began
        yield GaugeMetricFamily("switchboard_collect_seconds", "How long these questions took.", took)


def _runs() -> Iterator[Metric]:
    opened = GaugeMetricFamily("switchboard_runs_open", "Runs that have not ended.", labels=["state"])
    for state, count in Run.objects.open().values_list("state").annotate(Count("id")).order_by():
        opened.add_metric([state], count)
    yield opened
    ended = GaugeMetricFamily(
        "switchboard_runs_recent", "Runs started in five minutes, by state.", labels=["state"]
    )
    recent = Run.objects.filter(id__gte=ids.id_at(timezone.now() - RECENT))
    for state, count in recent.values_list("state").annotate(Count("id")).order_by():
        ended.add_metric([state], count)
    yield ended
    oldest = Run.objects.open().aggregate(oldest=Min("id"))["oldest"]
    yield GaugeMetricFamily("switchboard_run_oldest_seconds", "Age of the oldest open run.", _age(oldest))


def _events() -> Iterator[Metric]:
    recent = Event.objects.filter(id__gte=ids.id_at(timezone.now() - RECENT)).count()
    yield GaugeMetricFamily("switchboard_events_recent", "Events stored in five minutes.", recent)
    waiting = Event.objects.waiting().aggregate(count=Count("id"), oldest=Min("id"))
    yield GaugeMetricFamily("switchboard_events_waiting", "Events not processed yet.", waiting["count"])
    yield GaugeMetricFamily(
        "switchboard_event_oldest_seconds", "Age of the oldest unprocessed event.", _age(waiting["oldest"])
    )


def _worker() -> Iterator[Metric]:
    last = Pulse.objects.aggregate(last=Max("at"))["last"]
    silent = (timezone.now() - last).total_seconds() if last else float("inf")
    yield GaugeMetricFamily("switchboard_worker_silent_seconds", "Since a worker last showed life.", silent)


def _age(row_id: int | None) -> float:
    return (timezone.now() - ids.time_of(row_id)).total_seconds() if row_id else 0.0
