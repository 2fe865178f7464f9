"""Who may go out now: limits of each connection, fair turns between them, resting hosts, used-up budgets."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from audit import ids
from operations import breaker, spending
from operations.models import AT_ONCE, Attempt, Origin, Policy, Run, State
from operations.wake import wake

# One due run of each connection that has any and has room, and one of those by chance: a connection that
# queued ten
# thousand has the same chance as one that queued a single run, so nobody waits for another's flood.
NEXT = """
SELECT due.id FROM connections_connection AS c
LEFT JOIN operations_policy AS p ON p.connection_id = c.id
CROSS JOIN LATERAL (
    SELECT id FROM operations_run AS r
    WHERE r.connection_id = c.id AND r.state IN ('queued', 'running', 'sending', 'waiting')
      AND r.state IN ('queued', 'waiting') AND NOT r.cancel_asked
      AND (r.next_try_at IS NULL OR r.next_try_at <= statement_timestamp())
    ORDER BY r.id LIMIT 1
) AS due
WHERE (p.not_before IS NULL OR p.not_before <= statement_timestamp())
  AND coalesce(p.at_once, %s) > (
    SELECT count(*) FROM operations_run AS b
    WHERE b.connection_id = c.id AND b.state IN ('queued', 'running', 'sending', 'waiting')
      AND b.state IN ('running', 'sending'))
ORDER BY random() LIMIT 1
"""
URGENT = {Origin.TEST}  # somebody waits for the sentence, and it is one read-only call


@dataclass(frozen=True, slots=True)
class Wait:
    """Not now: look again in some seconds, and why."""

    seconds: float
    why: str


def next_run() -> int | None:
    """Return the id of the run whose turn it is, or None when nothing is due or nothing has room."""
    with database.cursor() as cursor:
        cursor.execute(NEXT, [AT_ONCE])
        row = cursor.fetchone()
    return row[0] if row else None


def has_room(run: Run) -> bool:
    """Say whether this run may go now. Call it in the transaction that claims: connections take turns by a
    lock."""
    if run.connection_id is None or run.origin in URGENT:
        return True
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [run.connection_id.int & 0x7FFF_FFFF_FFFF_FFFF])
    policy = Policy.objects.filter(connection=run.connection_id).first()
    busy = Run.objects.filter(connection=run.connection_id, state__in=[State.RUNNING, State.SENDING])
    if busy.count() >= (policy.at_once if policy else AT_ONCE):
        return False  # the end of one of those wakes up the next
    if policy and policy.not_before and policy.not_before > timezone.now():
        return False
    wait = _rate(run, policy.a_minute) if policy and policy.a_minute else None
    if wait:
        hold(run, wait)
    return wait is None


def hold(run: Run, wait: Wait) -> None:
    """Let nothing go out through this run's connection for a while; one message wakes it up again."""
    until = timezone.now() + timedelta(seconds=wait.seconds)
    held = {"not_before": until, "waits_for": wait.why}
    Policy.objects.update_or_create(connection=run.connection, defaults=held)
    transaction.on_commit(lambda: wake(run.id, wait.seconds))


def release_next(run: Run) -> None:
    """Wake up the next queued run of the same connection: called when one of its calls ended."""
    if run.connection_id is None:
        return
    queued = Run.objects.filter(connection=run.connection_id, state=State.QUEUED)
    waiting = queued.order_by("id").values_list("id", flat=True).first()
    if waiting is not None:
        transaction.on_commit(lambda: wake(waiting))


def refused(run: Run) -> str:
    """Return why this run may not go out at all, as a sentence, or ""."""
    return "" if run.origin in URGENT else spending.over_budget(run)


def rests(run: Run, url: str) -> Wait | None:
    """Return how long the host of this URL is left alone, or None."""
    if run.origin in URGENT:
        return None
    host = breaker.host_of(url)
    seconds = breaker.rest(host)
    return Wait(seconds, f"{host} failed several times in a row and is left alone") if seconds else None


def _rate(run: Run, a_minute: int) -> Wait | None:
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
    return Wait(max(seconds, 0.1), f"{a_minute} calls a minute is this connection's limit")
