"""Forgetting events on purpose: by age and by count, in small steps that the door does not feel."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection as database
from django.db import transaction

from audit import ids, log
from audit.pages import capped_count
from webhooks import partitions
from webhooks.models import Completion, Dedupe, Event, Policy, Remark

STEP = 2_000  # rows of one transaction
DEDUPE_DAYS = 30  # keys outlive payloads, and every sender's retries (72 hours at OpenAI), by far
LARGEST = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Preview:
    """What a policy would forget now."""

    count: str
    oldest: datetime | None
    limit: datetime | None


def preview(policy: Policy, now: datetime) -> Preview:
    """Return how many events a policy would forget, without forgetting any."""
    limit = _limit(policy, now)
    rows = Event.objects.filter(connection=policy.connection_id, pk__lt=limit).order_by("pk")
    oldest = rows.values_list("pk", flat=True).first()
    return Preview(
        capped_count(rows, 1_000_000) if oldest else "0",
        ids.time_of(oldest) if oldest else None,
        ids.time_of(limit) if limit else None,
    )


def run(now: datetime) -> int:
    """Forget what the policies say is too old or too much, and keys that no sender repeats any more."""
    forgotten = 0
    for policy in Policy.objects.exclude(keep_days=None, keep_count=None).select_related("connection"):
        count = sum(forget(policy, now))
        forgotten += count
        if count:
            log.record("webhook.events_forgotten", target=policy.connection, after={"count": count})
    while partitions.drop_oldest(now):
        pass
    Dedupe.objects.filter(event_id__lt=ids.id_at(now - timedelta(days=DEDUPE_DAYS))).delete()
    return forgotten


def forget(policy: Policy, now: datetime) -> Iterator[int]:
    """Delete one policy's events step by step; yield how many went with each."""
    limit = _limit(policy, now)
    while limit:
        rows = Event.objects.filter(connection=policy.connection_id, pk__lt=limit).order_by("pk")
        going = list(rows.values_list("pk", flat=True)[:STEP])
        if not going:
            return
        with transaction.atomic():
            Event.objects.filter(pk__in=going)._raw_delete(using=database.alias)
            Completion.objects.filter(pk__in=going).delete()
            Remark.objects.filter(row_id__in=going).delete()
        yield len(going)


def _limit(policy: Policy, now: datetime) -> int:
    """Return the smallest id that is kept."""
    by_age = ids.id_at(now - timedelta(days=policy.keep_days)) if policy.keep_days is not None else 0
    by_count = 0
    if policy.keep_count is not None:
        newest = (
            Event.objects.filter(connection=policy.connection_id).order_by("-pk").values_list("pk", flat=True)
        )
        beyond = (
            newest[policy.keep_count : policy.keep_count + 1].first() if policy.keep_count else LARGEST - 1
        )
        by_count = (beyond or -1) + 1
    return max(by_age, by_count)
