"""Wakes up what lies and closes what nobody holds any more: the answer to every crash."""

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_noop

from audit import ids
from live import hub
from operations import search
from operations.breaker import LONGEST_REST
from operations.claiming import LEASE
from operations.models import Attempt, Breaker, Policy, Run, State
from operations.retry import LONGEST
from operations.wake import wake

OVERDUE = timedelta(seconds=15)  # a queued run that nobody took for so long was not heard of
MOST = 200  # rows a round: the next one comes in ten seconds

UNKNOWN = gettext_noop(
    "The worker ended after the request had gone out, and before the answer was written down. "
    "It may have been done all the same. Look at the service before you run it again."
)

logger = structlog.get_logger(__name__)


def reap() -> int:
    """Close or queue again the runs whose lease ran out, wake up those that are due; return how many rows
    moved."""
    now = timezone.now()
    _set_right(now)
    late = Run.objects.filter(_is_over(now), state__in=[State.RUNNING, State.SENDING])
    moved = sum(_settle(run) for run in late.order_by("id")[:MOST])
    waiting = Q(state=State.WAITING, next_try_at__lt=now)
    deaf = Q(state=State.QUEUED, id__lt=ids.id_at(now - OVERDUE)) & (
        Q(next_try_at=None) | Q(next_try_at__lt=now)
    )
    for run_id in Run.objects.filter(waiting | deaf).order_by("id").values_list("id", flat=True)[:MOST]:
        wake(run_id)
    return moved


def _set_right(now: datetime) -> None:
    """What waits for a time further away than any that could be given now waits no more: the clock was ahead
    for a while, and the real time would need as long to catch up.
    """
    last_try, last_rest = now + timedelta(seconds=LONGEST), now + timedelta(seconds=LONGEST_REST)
    idle = Run.objects.filter(state__in=[State.QUEUED, State.WAITING])
    idle.filter(next_try_at__gt=last_try).update(next_try_at=now)
    Policy.objects.filter(not_before__gt=last_rest).update(not_before=None)
    Breaker.objects.filter(until__gt=last_rest).update(until=now)


def _is_over(now: datetime) -> Q:
    """A lease has run out; or none that was given now could last so long: the clock was ahead for a while,
    and who took it is silent since (found by benchmarks/chaos: its runs held their connection's places).
    """
    return Q(lease_until__lt=now) | Q(lease_until__gt=now + 2 * LEASE)


@transaction.atomic
def _settle(run: Run) -> int:
    """End what may have gone out as unknown; queue again what has not. Conditional on the lease that was
    read."""
    now = timezone.now()
    sent = run.state == State.SENDING
    values: dict[str, Any] = {"lease": None, "lease_until": None}
    if sent:
        values |= {"state": State.UNKNOWN, "finished_at": now, "error_code": "worker_lost", "error": UNKNOWN}
        values |= {"summary": UNKNOWN[:200]}
    elif run.cancel_asked:
        values |= {"state": State.CANCELLED, "finished_at": now}
    else:
        values |= {"state": State.QUEUED}
    same = Run.objects.filter(_is_over(now), id=run.id, state=run.state, lease=run.lease)
    if not same.update(**values):
        return 0
    attempt = Attempt.objects.filter(run=run, number=run.attempt_count, finished_at=None)
    attempt.update(
        finished_at=now, sent=None if sent else False, error_code="worker_lost", error=UNKNOWN if sent else ""
    )
    if values["state"] != State.QUEUED:
        search.index(run)
    hub.publish("run", run.id)
    logger.warning("lease_ran_out", run=run.ref, state=values["state"])
    if values["state"] == State.QUEUED:
        transaction.on_commit(lambda: wake(run.id))
    return 1
