"""Databases of 10 thousand, 1 million and 10 million events, each in an embedded server and a home of its
own.

    python -m benchmarks.seed [--events 10000] [--runs 10000] [--forget 1]

They stay below the temporary folder for the other programs. A later migration is applied to them; they are
made anew when a room's first migration or this has changed.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone

from benchmarks import ROOT, frame, history, house
from config import prepare
from config.services import Postgres
from connections import connecting, signing
from connections.models import Connection
from definitions import catalog
from people.models import Person, Role
from webhooks import partitions

CONNECTIONS = 12
# Crash safety comes back with the next start; until then a crash would only cost the seeding itself.
FAST = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_wal_size=1GB",
    "wal_recycle=off",
    "maintenance_work_mem=512MB",
    "autovacuum=off",
)


def store(events: int, runs: int) -> Path:
    """Return the home with that much history, seeded now unless it was before."""
    home = ROOT / f"seeded-{events}-{runs}"
    stamp = home / "seeded"
    if not stamp.exists() or stamp.read_text() != _fingerprint():
        forget(home)
        frame.say(f"seeding {events:,} events and {runs:,} runs in {home}")
        began = time.monotonic()
        _seed(home, events, runs)
        stamp.write_text(_fingerprint())
        frame.say(f"seeded in {time.monotonic() - began:.0f} s")
    with opened(home) as server:
        server.create_database()
        prepare.database()
    return home


def fresh(events: int, runs: int) -> Path:
    """Return a home of the caller's own with that much history; `forget` it afterwards."""
    home = ROOT / f"own-{os.getpid()}"
    forget(home)
    _seed(home, events, runs)
    return home


def forget(home: Path) -> None:
    """Remove a home and everything in it."""
    shutil.rmtree(home, ignore_errors=True)


@contextmanager
def opened(home: Path, *options: str) -> Iterator[Postgres]:
    """Run the embedded server of a home, with Django pointed at it."""
    server = Postgres(home, options)
    server.start()
    try:
        house.point_at(home)
        yield server
    finally:
        connection.close()
        server.stop()


def _seed(home: Path, events: int, runs: int) -> None:
    with opened(home, *FAST) as server:
        server.create_database()
        prepare.database()
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
            _weeks_back(cursor, timezone.now() - history.SPAN)
        people = Person.objects.create(username="benchmark", password="!", role=Role.ADMIN)
        connections = [account(number) for number in range(CONNECTIONS)]
        # What is filled in the transaction that emptied it needs no write-ahead log, half of all that was
        # written: 300,000 events take 0.9 GB instead of 2.0.
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("TRUNCATE webhooks_event, webhooks_dedupe, operations_run CASCADE")
            history.write_events(connections, events)
            history.write_refusals(connections)
            history.write_runs(connections, runs)
        assert people.pk
        with connection.cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE)")


def _weeks_back(cursor: object, first: datetime) -> None:
    """Cut the empty event table anew, from the first week of the history on, as the house would have."""
    cursor.execute(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'webhooks_event'::regclass"
    )
    for (name,) in cursor.fetchall():
        cursor.execute(f"DROP TABLE {name}")
    partitions.create(cursor, first)
    partitions.extend(timezone.now())


def account(number: int) -> Connection:
    """Return a new connection with an endpoint and a secret."""
    entered = connecting.Entered(
        f"Account {number:02}", credentials={"apiKey": "sk-benchmark"}, webhook_secret=signing.generate()
    )
    return connecting.connect(catalog.service("chatgpt-v1"), entered)


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for path in sorted([*house.BASE.glob("*/migrations/0001*.py"), Path(__file__), Path(history.__file__)]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def main() -> None:
    """Make the homes that are missing, or forget them all."""
    asked = frame.options(__doc__ or "", events=10_000, runs=10_000, forget=0)
    if asked.forget:
        for home in ROOT.glob("seeded-*"):
            forget(home)
    else:
        frame.say(str(store(asked.events, asked.runs)))


if __name__ == "__main__":
    main()
