"""Executing a run: claim the row, send, and write down what became of it, all on the strength of a lease."""

import asyncio
import uuid
from datetime import timedelta
from typing import Any

import structlog
from asgiref.sync import async_to_sync, sync_to_async
from django.db import DatabaseError, close_old_connections, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from live import hub
from operations import answers, breaker, gate, outbound, streaming
from operations.errors import SendError
from operations.models import Attempt, Reason, Run, State
from operations.outcome import Outcome
from operations.preparing import NotReady, Prepared, prepare_run

LEASE = timedelta(seconds=30)  # how long a silent worker keeps a run; it speaks every BEAT
CLAIMED = (
    "state",
    "lease",
    "lease_until",
    "attempt_count",
    "started_at",
    "next_try_at",
    "waits_for",
)
TURNS = 3  # how often a worker looks for another run when somebody was faster
BEAT = 1.0  # seconds: also how soon a run under way hears that it was cancelled

logger = structlog.get_logger(__name__)


def claim(run_id: int) -> Run | None:
    """Take a run that is due; None when another has it, or it is not due, or it has ended."""
    now = timezone.now()
    due = Q(state__in=[State.QUEUED, State.WAITING]) & (Q(next_try_at=None) | Q(next_try_at__lte=now))
    mine = Run.objects.filter(due, id=run_id, cancel_asked=False)
    with transaction.atomic():
        run = mine.select_related("connection").first()
        if run is None or not gate.has_room(run):
            return None
        # Whoever looked at the same time saw the same count: only one of them changes it.
        same = mine.filter(attempt_count=run.attempt_count, state=run.state)
        run.state, run.lease, run.lease_until = State.RUNNING, uuid.uuid4(), now + LEASE
        run.attempt_count, run.started_at = run.attempt_count + 1, run.started_at or now
        run.next_try_at, run.waits_for = None, ""
        return run if same.update(**{name: getattr(run, name) for name in CLAIMED}) else None


def execute_next(run_id: int) -> Run | None:
    """Execute the run whose turn it is; `run_id` only says that there is one. Returns what `execute`
    returns."""
    for _ in range(TURNS):
        chosen = gate.next_run()
        if chosen is None:
            return None
        run = execute(chosen)
        if run is not None:
            return run
    return None


def execute(run_id: int) -> Run | None:
    """Claim the run, send it, finish it. Returns the run as it is then, or None when somebody else has it."""
    run = claim(run_id)
    if run is None:
        return None
    attempt = Attempt(run=run, number=run.attempt_count, reason=_reason(run), started_at=timezone.now())
    outcome = tried(run, attempt)
    ended = answers.finish(run, attempt, outcome) if outcome is not None else None
    return ended or Run.objects.get(id=run.id)


def _reason(run: Run) -> str:
    return run.reason if run.attempt_count == 1 else Reason.AUTOMATIC


def tried(run: Run, attempt: Attempt) -> Outcome | None:
    """Send the run's request once and say what came of it; None when the run was taken away before anything
    went out."""
    try:
        prepared = prepare_run(run, answers.place(run))
    except NotReady as error:
        return Outcome.refused(error.code, str(error))
    if wait := gate.rests(run, prepared.request.url):
        put_back(run, wait)
        return None
    if over := gate.refused(run):
        return Outcome.refused("budget", over)
    attempt.request = prepared.masked
    outcome = _sent(run, attempt, prepared)
    if outcome is not None:
        breaker.note_outcome(prepared.request.url, outcome.code, outcome.status, outcome.sentence)
    return outcome


def put_back(run: Run, wait: gate.Wait) -> None:
    """Undo a claim: the host rests, so this was no try, and the whole connection waits."""
    with transaction.atomic():
        ours = Run.objects.filter(id=run.id, lease=run.lease)
        back = {"state": State.QUEUED, "lease": None, "lease_until": None, "waits_for": wait.why[:200]}
        if ours.update(attempt_count=F("attempt_count") - 1, **back):
            gate.hold(run, wait)
            hub.publish("run", run.id)


def _sent(run: Run, attempt: Attempt, prepared: Prepared) -> Outcome | None:
    hold = Hold(run, attempt)
    try:
        reply = async_to_sync(_watched)(hold, prepared)
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
        now = timezone.now()
        try:
            ours = Run.objects.filter(id=self.run.id, lease=self.run.lease, cancel_asked=False).update(
                state=State.SENDING, sent_at=Coalesce("sent_at", now), lease_until=now + LEASE
            )
            if ours:
                self.attempt.sent_at = now
                self.attempt.save()  # the first that is written of it: nothing went out before
                hub.publish("run", self.run.id)
        except DatabaseError:
            raise SendError("aborted") from None  # not written down, so not sent: the row will be woken up
        if not ours:
            raise SendError("aborted")
        self.sending = True

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


async def _watched(hold: Hold, prepared: Prepared) -> outbound.Reply:
    """Send while the lease is kept alive; stops sending when the run is cancelled or lost."""
    call = outbound.send(
        prepared.request,
        prepared.permit,
        before_first_byte=sync_to_async(hold.mark_sending),
        listener=streaming.listener(prepared, hold.update, hold.run.id),
    )
    sending = asyncio.ensure_future(call)
    try:
        while not (await asyncio.wait({sending}, timeout=BEAT))[0]:
            await sync_to_async(hold.beat)()
        return await sending
    finally:
        sending.cancel()
        await asyncio.wait({sending})
