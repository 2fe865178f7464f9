"""Events counted by the hour: once, in the background, and only what is newer while a page waits.

Arrivals are final, so each is counted once. Measured on 2 busy cores: grouping 1 M events of a day takes
0.5 s; with the counted hours the page reads at most the last minute.
"""

from collections import Counter
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from audit import ids
from overview.models import Counted, EventHour
from overview.sight import Sight

HOUR_MS = 3_600_000
# How many hours after 1970 the row with this id was born, as SQL: `audit.ids` packs closer from 2030 on.
HOUR = (
    f"(LEAST(id, {ids.LATER_ID}) / {HOUR_MS << ids.SHIFT}"
    f" + GREATEST(id - {ids.LATER_ID}, 0) / {HOUR_MS << ids.LATER_SHIFT})"
)
SETTLED = timedelta(seconds=15)  # younger rows may still be on their way to their commit
KEPT = timedelta(days=8)
LIMIT = "60s"  # the first count after a long silence may take longer than a page may

COUNT = """
INSERT INTO overview_eventhour (hour, connection_id, count)
SELECT to_timestamp({} * 3600), connection_id, count(*)
FROM webhooks_event WHERE id >= %s AND id < %s AND connection_id IS NOT NULL
GROUP BY 1, 2
ON CONFLICT (hour, connection_id) DO UPDATE SET count = overview_eventhour.count + excluded.count
"""
RUN_HOUR = HOUR.replace("id", "run_id")
# Of an hour that is over one line says as much as five hundred, if it is a new one: what was counted under
# the old ones is counted again. The present hour is remembered in parts, each with lines of its own.
MANY, CLOCKS = 20, timedelta(minutes=5)  # a web process whose clock is behind still asks for such parts
FEWER = f"""
WITH old AS (DELETE FROM overview_runchange WHERE run_id < %s),
several AS (
  SELECT {RUN_HOUR} AS hour FROM overview_runchange
  WHERE run_id < %s GROUP BY 1 HAVING count(*) > %s
),
gone AS (
  DELETE FROM overview_runchange WHERE {RUN_HOUR} IN (TABLE several) RETURNING run_id
)
INSERT INTO overview_runchange (run_id) SELECT max(run_id) FROM gone GROUP BY {RUN_HOUR}
"""  # noqa: S608  # the hour is ours
BY_HOUR = f"""
SELECT date_part('epoch', hour)::bigint / 3600, sum(count)::bigint FROM overview_eventhour
WHERE hour >= %(start)s AND {{open}} GROUP BY 1
UNION ALL SELECT {HOUR}, count(*) FROM webhooks_event
WHERE id >= %(first)s AND id < %(end)s  -- which weeks these are is known before any is opened
AND id >= coalesce((SELECT upto FROM overview_counted LIMIT 1), 0) AND {{open}} GROUP BY 1
"""  # noqa: S608  # the hour is ours


def hour_of(moment: datetime) -> int:
    """Return what HOUR gives for a row that is born at `moment`."""
    return int(moment.timestamp()) // 3600


@transaction.atomic
def count() -> None:
    """Count the events that arrived since the last time; two workers at once count each event once.

    A clock that was ahead for a while has counted up to a time that is still to come, and what arrived until
    then would never be counted: everything is counted anew (found by benchmarks/chaos).
    """
    now = timezone.now()
    until = ids.id_at(now - SETTLED)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = %s", [LIMIT])
        Counted.objects.get_or_create(pk=1, defaults={"upto": ids.id_at(now - KEPT)})
        since = Counted.objects.select_for_update().get(pk=1).upto
        if since > ids.id_at(now):
            EventHour.objects.all().delete()
            since = ids.id_at(now - KEPT)
        if since < until:
            cursor.execute(COUNT.format(HOUR), [since, until])
            Counted.objects.update(upto=until)
    EventHour.objects.filter(hour__lt=timezone.now() - KEPT).delete()
    with connection.cursor() as cursor:
        present = (now - CLOCKS).replace(minute=0, second=0, microsecond=0)
        cursor.execute(FEWER, [ids.id_at(present - timedelta(hours=25)), ids.id_at(present), MANY])


def by_hour(sight: Sight, start: datetime, end: datetime) -> Counter[int]:
    """Return hour (see `hour_of`) -> events of this time: from the counted hours, the rest from the rows."""
    found: Counter[int] = Counter()
    for hour, number in sight.ask(BY_HOUR, start=start, first=ids.id_at(start), end=ids.id_at(end)):
        found[hour] += number
    return found
