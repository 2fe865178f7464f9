"""Forgetting events on purpose: by age and by count, in whole weeks or in steps that the door does not feel.

Every hour each connection's policy says up to which event it forgets (`begin`); after that the worker goes on
a few seconds at a time (`go_on`). Where a pass stands is in its policy's row, so a restart loses nothing.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection as database
from django.db import transaction
from django.db.models import Count, F, Max

from audit import ids, log
from audit.pages import capped_count
from webhooks import partitions
from webhooks.models import Completion, Event, Policy, Remark
from webhooks.models.events import EventQuerySet
from webhooks.pace import Pace
from webhooks.partitions import BusyError

STEP = 250  # rows of one transaction: about 5 ms, and as much again while the door is busy
DEDUPE_DAYS = 30  # keys outlive payloads, and every sender's retries (72 hours at OpenAI), by far
LARGEST = (1 << 63) - 1

Limits = Mapping[UUID, int]  # the smallest id that is kept, by connection


@dataclass(frozen=True, slots=True)
class Preview:
    """What a policy would forget now."""

    count: str
    oldest: datetime | None
    limit: datetime | None


def preview(policy: Policy, now: datetime) -> Preview:
    """Return how many events a policy would forget, without forgetting any."""
    limit = _limit(policy, now)
    rows = _beyond(policy.connection_id, limit)
    oldest = rows.values_list("pk", flat=True).first()
    return Preview(
        capped_count(rows, 1_000_000) if oldest else "0",
        ids.time_of(oldest) if oldest else None,
        ids.time_of(limit) if limit else None,
    )


def begin(now: datetime) -> None:
    """Open a pass for every policy that has something to forget, and drop the weeks that are empty."""
    for policy in Policy.objects.exclude(keep_days=None, keep_count=None):
        limit = _limit(policy, now)
        if _beyond(policy.connection_id, limit).exists():
            Policy.objects.filter(pk=policy.pk).update(forgetting=limit)
    while partitions.drop_oldest(now):
        pass


def is_open() -> bool:
    """Tell whether a pass is under way."""
    return Policy.objects.exclude(forgetting=None).exists()


def go_on(now: datetime, pace: Pace) -> int:
    """Go on with what is open for one turn; return how many events went with the passes that are through."""
    through: list[int] = []
    with suppress(BusyError):  # another worker is at it, or somebody reads the week that is next
        pace.take(_steps(now, through))
    return sum(through)


def forget_keys(now: datetime, pace: Pace) -> bool:
    """Forget keys that no sender repeats any more, for one turn; tell whether some are left."""
    return pace.take(iter(lambda: _keys(ids.id_at(now - timedelta(days=DEDUPE_DAYS))), 0))


def _steps(now: datetime, through: list[int]) -> Iterator[None]:
    policies = Policy.objects.exclude(forgetting=None).select_related("connection").order_by("pk")
    limits = {policy.pk: policy.forgetting or 0 for policy in policies}
    yield from _weeks(now, limits)
    for policy in policies:
        while _rows(policy.pk, limits[policy.pk]):
            yield
        through.append(_end(policy))
        yield


def _weeks(now: datetime, limits: Limits) -> Iterator[None]:
    """Drop the weeks of which nothing is kept, oldest first."""
    while limits and (week := partitions.oldest(now)):
        rows = Event.objects.filter(pk__gte=week.low, pk__lt=week.high)
        held = list(rows.values_list("connection").annotate(Count("pk"), Max("pk")))
        if any(newest >= limits.get(connection, 0) for connection, _, newest in held):
            return
        while _belongings(week):
            yield
        with _alone():
            for connection, count, _ in held:
                Policy.objects.filter(pk=connection).update(forgotten=F("forgotten") + count)
            partitions.drop(week, limits)
        yield


@contextmanager
def _alone() -> Iterator[None]:
    """Carry out one step in a transaction; raises BusyError while another worker carries out one."""
    with transaction.atomic():
        with database.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('webhooks.retention'))")
            if not cursor.fetchone()[0]:
                raise BusyError
        yield


def _belongings(week: partitions.Week) -> int:
    """Delete some of what belongs to a week's events; return how much that was."""
    going = list(Completion.objects.filter(pk__gte=week.low, pk__lt=week.high).values_list("pk")[:STEP])
    remarks = Remark.objects.filter(row_id__gte=week.low, row_id__lt=week.high)
    events = Event.objects.filter(pk__gte=week.low, pk__lt=week.high).values("pk")
    noted = list(remarks.filter(row_id__in=events).values_list("pk", flat=True)[:STEP])
    Completion.objects.filter(pk__in=[pk for (pk,) in going]).delete()
    Remark.objects.filter(pk__in=noted).delete()
    return len(going) + len(noted)


def _rows(connection: UUID, limit: int) -> int:
    """Delete some of a connection's events; return how many."""
    with _alone():
        going = list(_beyond(connection, limit).values_list("pk", flat=True)[:STEP])
        if not going:
            return 0
        gone = Event.objects.filter(pk__in=going, pk__range=(going[0], going[-1]))._raw_delete(database.alias)
        Completion.objects.filter(pk__in=going).delete()
        Remark.objects.filter(row_id__in=going).delete()
        Policy.objects.filter(pk=connection).update(forgotten=F("forgotten") + gone)
    return len(going)


def _end(policy: Policy) -> int:
    """Write a pass into the trail and close it; return how many events it forgot."""
    with _alone():
        ending = Policy.objects.select_for_update().get(pk=policy.pk)
        count = ending.forgotten
        ending.forgetting, ending.forgotten = None, 0
        ending.save(update_fields=["forgetting", "forgotten"])
        if count:
            log.record("webhook.events_forgotten", target=policy.connection, after={"count": count})
    return count


def _keys(limit: int) -> int:
    """Delete some keys of events before `limit`, found by the block range index; return how many."""
    with database.cursor() as cursor:
        cursor.execute(
            "DELETE FROM webhooks_dedupe WHERE ctid = ANY (ARRAY("
            "SELECT ctid FROM webhooks_dedupe WHERE event_id < %s LIMIT %s))",
            [limit, STEP],
        )
        return int(cursor.rowcount)


def _beyond(connection: UUID, limit: int) -> EventQuerySet:
    return Event.objects.filter(connection=connection, pk__lt=limit).order_by("pk")


def _limit(policy: Policy, now: datetime) -> int:
    """Return the smallest id that is kept."""
    by_age = ids.id_at(now - timedelta(days=policy.keep_days)) if policy.keep_days is not None else 0
    by_count = 0
    if policy.keep_count is not None:
        # It counts along the index of the connection: 41 ms for 600,000 kept of a million, once an hour.
        newest = (
            Event.objects.filter(connection=policy.connection_id).order_by("-pk").values_list("pk", flat=True)
        )
        beyond = (
            newest[policy.keep_count : policy.keep_count + 1].first() if policy.keep_count else LARGEST - 1
        )
        by_count = (beyond or -1) + 1
    return max(by_age, by_count)
