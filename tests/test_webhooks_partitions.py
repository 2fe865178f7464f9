"""The event table's partitions: made ahead, and nothing is lost when nobody made them in time."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from audit import ids
from webhooks import partitions
from webhooks.models import Event

pytestmark = pytest.mark.django_db


def names() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'webhooks_event'::regclass"
        )
        return sorted(row[0] for row in cursor.fetchall())


def lies_in(event: Event) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM webhooks_event WHERE id = %s", [event.pk])
        return cursor.fetchone()[0]


def test_the_weeks_ahead_are_there_from_the_start():
    assert len(names()) == partitions.AHEAD + 2
    assert partitions.extend(datetime.now(UTC)) == []


def test_an_event_of_today_lies_in_this_week():
    assert lies_in(Event.objects.create()) == partitions.name(partitions.monday(datetime.now(UTC)))


def test_missing_weeks_are_made_in_order():
    later = datetime.now(UTC) + 3 * partitions.WEEK
    made = partitions.extend(later)
    assert len(made) == 3
    assert partitions.name(partitions.monday(later) + 7 * partitions.WEEK) == made[-1]
    assert partitions.extend(later) == []


def test_what_lies_beyond_is_kept_and_gets_its_bound():
    late = datetime.now(UTC) + timedelta(weeks=20)
    event = Event.objects.create(id=ids.new_id(late.timestamp()))
    assert lies_in(event) == "webhooks_event_beyond"
    partitions.extend(late)
    assert lies_in(event) != "webhooks_event_beyond"
    assert Event.objects.get(pk=event.pk) == event
    assert lies_in(
        Event.objects.create(id=ids.new_id((late + timedelta(weeks=2)).timestamp()))
    ) == partitions.name(partitions.monday(late + timedelta(weeks=2)))


def test_the_newest_fifty_are_read_from_the_newest_partition_only():
    plan = Event.objects.order_by("-id")[:50].explain()
    assert "Append" in plan
    assert "Sort" not in plan
