"""`manage.py events`: the log as JSON lines, once or as it grows."""

import sys
from collections.abc import Iterator
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, connection
from django.db.models import QuerySet

from audit import ids
from connections.models import Connection
from live.hub import CHANNEL
from webhooks.fields import mapped_all
from webhooks.models import Event, Rejection
from webhooks.records import event_record, rejection_record

NOTHING_RUNS = "The database does not answer: start Switchboard with `make run`, or set DATABASE_URL."
BATCH = 200  # events whose bodies are in memory at once
LOOK_BACK = 10_000 << ids.SHIFT  # rows appear in another order than their ids, but never ten seconds later
BAD_INPUT = 2


class Command(BaseCommand):
    """Print events, or refused deliveries, oldest first, one JSON object a line."""

    help = (
        "Print events as JSON lines: id, connection, type, object_id, delivery_id, state, received_at, "
        "fields. With --refused the refused deliveries, with cause and count."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Take which connection, which side of the log, and whether to stay."""
        parser.add_argument("--connection", help="only this connection's")
        parser.add_argument("--refused", action="store_true", help="refused deliveries instead of events")
        parser.add_argument("--follow", action="store_true", help="stay, and print what comes")

    def handle(self, *, connection: str | None, refused: bool, follow: bool, **_: Any) -> None:
        """Print what there is; with --follow until Ctrl-C."""
        try:
            source = _Source(connection, Rejection if refused else Event)
            for _round in source.rounds(follow):
                for line in source.new_lines():
                    self.stdout.write(line)
                self.stdout.flush()
        except OperationalError:
            raise CommandError(NOTHING_RUNS) from None
        except (KeyboardInterrupt, BrokenPipeError):
            sys.exit(0)


class _Source:
    """One side of the log, read from the oldest on, each row once."""

    def __init__(self, name: str | None, model: type[Event] | type[Rejection]) -> None:
        rows: QuerySet[Any] = model.objects.select_related("connection").order_by("pk")
        self._rows = rows.filter(connection=_connection(name)) if name else rows
        self._cursor = 0
        self._seen: set[int] = set()

    def rounds(self, follow: bool) -> Iterator[None]:
        """Yield once, or whenever something may have arrived."""
        if not follow:
            yield
            return
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")
        while True:
            yield
            for _news in connection.connection.notifies(timeout=2, stop_after=1):
                pass

    def new_lines(self) -> Iterator[str]:
        """Yield the rows that were not there before, as JSON."""
        start = self._cursor - LOOK_BACK
        while batch := list(self._rows.filter(pk__gt=start)[:BATCH]):
            start = batch[-1].pk
            fresh = [row for row in batch if row.pk not in self._seen]
            yield from _lines(fresh)
            self._cursor = max(self._cursor, start)
            self._seen = {
                pk for pk in self._seen | {row.pk for row in batch} if pk > self._cursor - LOOK_BACK
            }


def _lines(rows: list[Any]) -> Iterator[str]:
    fields = mapped_all([row for row in rows if row.is_event])
    for row in rows:
        record = event_record(row, fields[row.pk]) if row.is_event else rejection_record(row)
        yield orjson.dumps(record, default=str).decode()


def _connection(name: str) -> Connection:
    found: Connection | None = Connection.objects.filter(name=name).first()
    if found is None:
        raise CommandError(f"There is no connection “{name}”.", returncode=BAD_INPUT)
    return found
