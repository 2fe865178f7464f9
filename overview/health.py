"""The System page: each part of the house with its state, a figure, and what to do when it is not well."""

import platform
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import celery
import django
from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Min, Q
from django.utils import timezone
from django.utils.translation import gettext

from audit import guard, ids
from audit.retelling import told
from connections import crypto, keys
from definitions import catalog
from operations.models import Run, State
from overview.models import Pulse

SILENT = timedelta(seconds=60)  # beat asks every 15 seconds
SLOW_MS = 50  # a database on the same machine answers in 1
CLOCK = timedelta(seconds=2)  # webhooks are judged by the clock, to 300 seconds
FREE_BYTES = 1 << 30


@dataclass(frozen=True)
class Part:
    """One line of the page. State is ok, warning or failed; `text` says what to do when it is not ok."""

    name: str
    state: str
    value: str
    text: str = ""


def parts() -> list[Part]:
    """Look at every part; one that cannot be looked at is failed, and the others are shown all the same."""
    return [part for look in LOOKS for part in _safely(look)]


def _safely(look: Callable[[], Iterator[Part]]) -> list[Part]:
    try:
        return list(look())
    except Exception as problem:  # the page must open when a part is broken
        name = look.__name__.strip("_").capitalize()
        return [Part(name, "failed", type(problem).__name__, str(problem)[:300])]


def _database() -> Iterator[Part]:
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT now(), pg_database_size(current_database()), current_setting('server_version')"
        )
        now, size, version = cursor.fetchone()
    milliseconds = (time.perf_counter() - began) * 1000
    slow = milliseconds > SLOW_MS
    kind = gettext("embedded") if settings.EMBEDDED_DATABASE else gettext("external")
    yield Part(
        gettext("Database"),
        "warning" if slow else "ok",
        f"PostgreSQL {version}, {kind}, {milliseconds:.1f} ms, {size / 1e6:,.0f} MB",
        gettext("It answers slowly: look at its load and disk.") if slow else "",
    )
    off = abs(timezone.now() - now)
    text = (
        gettext("The clocks of this machine and the database differ: webhooks are judged by the clock.")
        if off > CLOCK
        else ""
    )
    yield Part(
        gettext("Clock"),
        "warning" if text else "ok",
        gettext("{off:.0f} ms apart").format(off=off.total_seconds() * 1000),
        text,
    )


def _migrations() -> Iterator[Part]:
    applied = MigrationRecorder(connection).migration_qs.values_list("app", "name")
    open_ones = _known_migrations() - set(applied)
    text = gettext("Run `manage.py migrate`.") if open_ones else ""
    yield Part(
        gettext("Migrations"),
        "failed" if text else "ok",
        gettext("{number} open").format(number=len(open_ones)) if text else gettext("all applied"),
        text,
    )


@cache
def _known_migrations() -> frozenset[tuple[str, str]]:
    """Return the migrations of the program that runs; reading their files took 2 ms of each look."""
    return frozenset(MigrationLoader(None).graph.nodes)


def _audit_trail() -> Iterator[Part]:
    wrong = " ".join(map(told, guard.problems()))
    value = "" if wrong else gettext("can only be added to")
    yield Part(gettext("Audit trail"), "warning" if wrong else "ok", value, wrong)


def _broker() -> Iterator[Part]:
    began = time.perf_counter()
    # A line of the pool that tasks are sent by: to open one of its own took 2 to 3 ms of each look, this 0.3.
    pool: Any = celery.current_app.pool  # the stubs take it for one of producers
    with pool.acquire(block=True, timeout=1) as broker:
        broker.ensure_connection(max_retries=0, timeout=1)
        broker.default_channel.client.ping()
    kind = gettext("embedded Valkey") if settings.EMBEDDED_BROKER else gettext("external")
    yield Part(gettext("Broker"), "ok", f"{kind}, {(time.perf_counter() - began) * 1000:.1f} ms")


def _worker() -> Iterator[Part]:
    pulses = list(Pulse.objects.filter(at__gt=timezone.now() - timedelta(days=1)).order_by("worker"))
    if not pulses:
        yield Part(
            gettext("Worker"),
            "warning",
            gettext("no sign of life yet"),
            gettext("It shows half a minute after the start."),
        )
    for pulse in pulses:
        silent = timezone.now() - pulse.at
        text = (
            gettext("No sign of life: is the worker or beat down? Runs wait until they are back.")
            if silent > SILENT
            else ""
        )
        value = gettext("{worker}, {silent:.0f} s ago").format(
            worker=pulse.worker, silent=silent.total_seconds()
        )
        yield Part(gettext("Worker"), "failed" if text else "ok", value, text)
        off = abs(pulse.worker_at - pulse.at)
        if off > CLOCK:
            yield Part(
                gettext("Worker's clock"),
                "warning",
                gettext("{off:.0f} s apart").format(off=off.total_seconds()),
                gettext("Set the clock by NTP."),
            )


def _queue() -> Iterator[Part]:
    # What its connection holds back waits for that, and for no worker.
    held = Q(connection__policy__not_before__gt=timezone.now())
    oldest = Run.objects.filter(~held, state=State.QUEUED).aggregate(oldest=Min("id"))["oldest"]
    age = timezone.now() - ids.time_of(oldest) if oldest else timedelta()
    text = gettext("Runs wait for longer than a minute: look at the worker.") if age > SILENT else ""
    value = (
        gettext("oldest waits {age:.0f} s").format(age=age.total_seconds()) if oldest else gettext("empty")
    )
    yield Part(gettext("Queue"), "warning" if text else "ok", value, text)


def _keys() -> Iterator[Part]:
    found: tuple[keys.KeyState, ...] = ()  # problems() says why there are none
    with suppress(crypto.KeyRingError):
        found = keys.states()
    wrong = " ".join(map(told, keys.problems(found)))
    known = "" if wrong else ", ".join(f"{key.label} ({key.key_id})" for key in found if key.in_ring)
    yield Part(gettext("Key ring"), "failed" if wrong else "ok", known, wrong)


def _definitions() -> Iterator[Part]:
    services = ", ".join(f"{service.handle} ({service.version})" for service in catalog.services())
    broken = [str(finding) for finding in catalog.broken()]
    state = "failed" if broken or not services else "ok"
    yield Part(gettext("Definitions"), state, services or gettext("none could be read"), " ".join(broken[:5]))


def _disk() -> Iterator[Part]:
    usage = shutil.disk_usage(settings.HOME)
    text = (
        gettext("Free some space, or shorten what is kept: writing stops when it is full.")
        if usage.free < FREE_BYTES
        else ""
    )
    yield Part(
        gettext("Disk"),
        "warning" if text else "ok",
        gettext("{free:,.1f} GB free of {total:,.1f} GB").format(
            free=usage.free / 1e9, total=usage.total / 1e9
        ),
        text,
    )


def _network() -> Iterator[Part]:
    hosts = ", ".join(settings.PRIVATE_HOSTS)
    yield Part(gettext("Private hosts"), "ok", hosts or gettext("none may be called"), "")
    yield Part(gettext("Practice service"), "ok", settings.SIMULATOR_URL or gettext("does not run"))


def _versions() -> Iterator[Part]:
    yield Part(
        gettext("Versions"),
        "ok",
        f"Python {platform.python_version()}, Django {django.__version__}, Celery {celery.__version__}",
    )


LOOKS: tuple[Callable[[], Iterator[Part]], ...] = (
    _database,
    _migrations,
    _audit_trail,
    _broker,
    _worker,
    _queue,
    _keys,
    _definitions,
    _disk,
    _network,
    _versions,
)
