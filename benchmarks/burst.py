"""A burst at the end of a history: thousands of events and runs of one connection in half a minute.

What arrived last is then of one connection, and all others' lists lie below it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from django.db import connection as database
from django.db.models.expressions import RawSQL
from django.utils import timezone

from audit import ids
from benchmarks import house
from benchmarks.copying import Copying
from benchmarks.history import OPERATIONS
from connections.models import Connection
from operations.models import Run
from webhooks.models import Event

COUNT = 12_000
PEER = "198.51.100.7"  # of nothing else in a history
TYPE, OPERATION = "video.completed", "videos.create"  # which nothing else has either


def write(connection: Connection, count: int = COUNT) -> None:
    """COPY that many events and runs of a connection, the last of which are of now."""
    assert OPERATION not in OPERATIONS
    start = timezone.now().timestamp() - count / 400
    born = [ids.new_id(start + number / 400) for number in range(count)]
    event = Event(
        connection=connection, type=TYPE, state="processed", peer=PEER, body=b"{}", size=2, view={}
    )  # fmt: skip
    Copying(event, ("id", "delivery_id", "object_id")).write(
        (row, f"wh_{row:x}", f"video_{row}") for row in born
    )
    resource, operation = OPERATION.split(".")
    run = Run(
        connection=connection, connection_name=connection.name, service=connection.service,
        resource=resource, operation=operation, state="succeeded", model=PEER,
    )  # fmt: skip
    Copying(run, ("id", "idempotency_key")).write((row, uuid4()) for row in born)


@contextmanager
def at_the_end(home: Path) -> Iterator[None]:
    """Have one at the end of a home's history meanwhile, of a connection that has few events and no runs."""
    house.point_at(home)
    forget()  # of a program that was killed
    write(Connection.objects.order_by("-name")[0])
    try:
        yield
    finally:
        house.point_at(home)
        forget()


def forget() -> None:
    """Remove it, and let nothing of it be left to walk past."""
    events = Event.objects.filter(type=TYPE, peer=PEER)
    resource, operation = OPERATION.split(".")
    runs = Run.objects.filter(resource=resource, operation=operation, model=PEER)
    with database.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        places = set(
            events.annotate(place=RawSQL("tableoid::regclass::text", [])).values_list("place", flat=True)
        )
        if places or runs.exists():
            events._raw_delete("default")
            runs._raw_delete("default")
            cursor.execute("TRUNCATE overview_runchange")  # each run that went was noted for the overview
            cursor.execute(f"VACUUM {', '.join(sorted(places | {'operations_run'}))}")
