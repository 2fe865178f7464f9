"""Who may go out now, beyond a turn: calls a minute, resting hosts, used-up budgets; and who is next."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from audit import ids
from operations import breaker, spending
from operations.claiming import Claim
from operations.models import Attempt, Origin, Policy, Run, State
from operations.wake import wake

URGENT = {Origin.TEST}  # somebody waits for the sentence, and it is one read-only call


@dataclass(frozen=True, slots=True)
class Wait:
    """Not now: look again in some seconds, and why."""

    seconds: float
    why: str


def hold(run: Run, wait: Wait) -> None:
    """Let nothing go out through this run's connection for a while; one message wakes it up again."""
    until = timezone.now() + timedelta(seconds=wait.seconds)
    held = {"not_before": until, "waits_for": wait.why}
    Policy.objects.update_or_create(connection=run.connection, defaults=held)
    transaction.on_commit(lambda: wake(run.id, wait.seconds))


def wake_next(run: Run) -> None:
    """Wake up the next queued run of the same connection: called when one of its calls ended."""
    queued = Run.objects.filter(connection=run.connection_id, state=State.QUEUED)
    waiting = queued.order_by("id").values_list("id", flat=True).first()
    if waiting is not None:
        transaction.on_commit(lambda: wake(waiting))


def refused(claim: Claim) -> str:
    """Return why this run may not go out at all, as a sentence, or ""."""
    urgent = claim.run.origin in URGENT
    return "" if urgent else spending.over_budget(claim.run, claim.budget, claim.spent)


def rests(claim: Claim, url: str) -> Wait | None:
    """Return how long the connection, or the host of this URL, is left alone, or None."""
    if claim.run.origin in URGENT:
        return None
    return _resting(claim, breaker.host_of(url)) or _too_fast(claim.run, claim.a_minute)


def _resting(claim: Claim, host: str) -> Wait | None:
    seconds = breaker.rest(host) if claim.hosts.get(host) else 0
    return (
        Wait(
            seconds, gettext_noop("{host} failed several times in a row and is left alone").format(host=host)
        )
        if seconds
        else None
    )


def _too_fast(run: Run, a_minute: int | None) -> Wait | None:
    if a_minute is None:
        return None
    since = timezone.now() - timedelta(minutes=1)
    # An attempt's own id is its time, so the last minute is one range of the primary key.
    recent = Attempt.objects.filter(run__connection=run.connection_id, started_at__gt=since)
    starts = list(
        recent.filter(id__gte=ids.id_at(since))
        .order_by("-id")
        .values_list("started_at", flat=True)[:a_minute]
    )
    if len(starts) < a_minute:
        return None
    seconds = (starts[-1] - since).total_seconds()
    return Wait(
        max(seconds, 0.1),
        gettext_noop("{a_minute} calls a minute is this connection's limit").format(a_minute=a_minute),
    )
