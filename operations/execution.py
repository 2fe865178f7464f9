"""Executing a run: claim the row, send, and write down what became of it, all on the strength of a lease."""

import time
from datetime import datetime
from typing import Any

import structlog
from django.db import DatabaseError, close_old_connections, transaction
from django.db.models import F
from django.utils import timezone

from live import hub
from operations import answers, breaker, gate, outbound, streaming
from operations.claiming import LEASE, Claim, claim
from operations.errors import SendError
from operations.models import Attempt, Reason, Run, State
from operations.outcome import Outcome
from operations.preparing import NotReady, Prepared, prepare_run
from operations.statements import Sql, Statement, values_of
from operations.turns import Turns

STREAK = 1.0  # seconds that one message's work may go on with others that wait: the clock has its turn, too
BEAT = 1.0  # seconds: also how soon a run under way hears that it was cancelled

# Before the first byte, on the disk: from now on it may have gone out.
MARK = Sql("WHERE id = %s AND lease = %s AND NOT cancel_asked RETURNING id")
logger = structlog.get_logger(__name__)


def execute_next(run_id: int) -> Run | None:
    """Execute the run whose turn it is, and go on with others; `run_id` only says that there is one.

    Returns the last run, or None when there was none."""
    ended, began = None, time.monotonic()
    while claimed := claim():
        ended = carry_out(claimed)
        if time.monotonic() - began > STREAK:
            gate.wake_next(ended)
            break
    return ended


def execute(run_id: int) -> Run | None:
    """Claim the run, send it, finish it. Returns the run as it is then, or None when somebody else has it, or
    it may not go now."""
    claimed = claim(run_id)
    if claimed is None:
        return None
    ended = carry_out(claimed)
    gate.wake_next(ended)
    return ended


def carry_out(claimed: Claim) -> Run:
    """Send a claimed run and finish it. Returns the run as it is then."""
    run = claimed.run
    attempt = Attempt(run=run, number=run.attempt_count, reason=_reason(run), started_at=timezone.now())
    outcome = tried(claimed, attempt)
    ended = answers.finish(run, attempt, outcome) if outcome is not None else None
    return ended or Run.objects.get(id=run.id)


def _reason(run: Run) -> str:
    return run.reason if run.attempt_count == 1 else Reason.AUTOMATIC


def tried(claimed: Claim, attempt: Attempt) -> Outcome | None:
    """Send the run's request once and say what came of it; None when the run was taken away before anything
    went out."""
    run = claimed.run
    try:
        prepared = prepare_run(run, answers.place(run))
    except NotReady as error:
        return Outcome.refused(error.code, str(error))
    if wait := gate.rests(claimed, prepared.request.url):
        put_back(run, wait)
        return None
    if over := gate.refused(claimed):
        return Outcome.refused("budget", over)
    attempt.request = prepared.masked
    outcome = _sent(run, attempt, prepared)
    if outcome is not None:
        _note_host(claimed, breaker.host_of(prepared.request.url), outcome)
    return outcome


def _note_host(claimed: Claim, host: str, outcome: Outcome) -> None:
    """Count trouble, and a good end only where there was trouble before."""
    if host in claimed.hosts or breaker.is_trouble(outcome.code, outcome.status):
        tried = claimed.hosts.get(host) is not None  # it was left alone when this call was let through
        breaker.note(host, outcome.code, outcome.status, outcome.sentence, tried=tried)


def put_back(run: Run, wait: gate.Wait) -> None:
    """Undo a claim: the host rests, so this was no try, and the whole connection waits."""
    with transaction.atomic():
        ours = Run.objects.filter(id=run.id, lease=run.lease)
        back = {"state": State.QUEUED, "lease": None, "lease_until": None, "waits_for": wait.why[:200]}
        if ours.update(attempt_count=F("attempt_count") - 1, **back):
            gate.hold(run, wait)
            hub.publish("run", run.id)


def _sent(run: Run, attempt: Attempt, prepared: Prepared) -> Outcome | None:
    hold, turns = Hold(run, attempt), Turns()
    call = outbound.send(
        prepared.request,
        prepared.permit,
        before_first_byte=lambda: turns.ask(hold.mark_sending),
        listener=streaming.listener(prepared, hold.update, run.id, turns.ask),
    )
    try:
        reply = turns.run(call, hold.beat, BEAT)
    except SendError as error:
        return None if error.code == "aborted" else Outcome.of_error(prepared, run, error)
    except Cancelled:
        return Outcome.cancelled(sent=hold.sending)
    except Lost:
        return None
    return Outcome.of_reply(prepared, run, reply)


class Cancelled(Exception):
    """Someone asked for the run to stop while it was under way."""


class Lost(Exception):
    """The lease went to somebody else: whatever comes now is not ours to write."""


class Hold:
    """A claimed run: every write goes through the lease, so that a worker that slept too long changes
    nothing."""

    def __init__(self, run: Run, attempt: Attempt) -> None:
        """Take a run just claimed and its new attempt."""
        self.run, self.attempt = run, attempt
        self.sending = False

    def update(self, **values: Any) -> bool:
        """Change the row if it is still ours; says whether it was."""
        return bool(Run.objects.filter(id=self.run.id, lease=self.run.lease).update(**values))

    def mark_sending(self) -> None:
        """Write down, before the first byte, that from now on it may have gone out. Raises
        SendError("aborted")."""
        self.attempt.sent_at = timezone.now()
        try:
            ours = self._marked(self.attempt.sent_at)
        except DatabaseError:
            raise SendError("aborted") from None  # not written down, so not sent: the row will be woken up
        if not ours:
            raise SendError("aborted")
        self.sending = True

    def _marked(self, now: datetime) -> bool:
        """Write the mark, the first that is kept of the attempt, and the news, as one statement."""
        sent = {
            "state": State.SENDING,
            "sent_at": Sql("coalesce(sent_at, %s)", (now,)),
            "lease_until": now + LEASE,
        }
        own = MARK._replace(params=(self.run.id, self.run.lease))
        writes = Statement().update("ours", Run, sent, own)
        writes.insert("tried", Attempt, values_of(self.attempt), "FROM ours")
        return writes.carry_out("ours", "id", [f"run {self.run.id}"]) is not None

    def beat(self) -> None:
        """Say that we live. Raises Cancelled when someone asked to stop, Lost when the lease is gone."""
        try:
            if not self.update(lease_until=timezone.now() + LEASE):
                raise Lost
            if Run.objects.filter(id=self.run.id, cancel_asked=True).exists():
                raise Cancelled
        except DatabaseError as error:  # it may come back before the lease ends
            logger.warning("beat_failed", run=self.run.id, error=type(error).__name__)
            close_old_connections()
