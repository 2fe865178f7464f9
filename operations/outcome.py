"""What came of one try: the state it leads to, and every word that is kept about it."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_noop

from operations import reading, retry, sentences
from operations.errors import SendError
from operations.models import Origin, Run, State
from operations.outbound import Reply
from operations.preparing import Prepared

LATE = gettext_noop(
    "It was cancelled after the request had gone out. It may have been done all the same. "
    "Look at the service before you run it again."
)
UNSURE = gettext_noop("It may have been done all the same. Look at the service before you run it again.")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One try's end. `sent` is False when it is proved that nothing went out."""

    state: State
    code: str = ""
    sentence: str = ""
    sent: bool = False
    reply: Reply | None = None
    parsed: Any = reading.ABSENT
    prepared: Prepared | None = None
    again: retry.Again | None = None

    @classmethod
    def refused(cls, code: str, sentence: str) -> "Outcome":
        """Return the end of a try that was not even begun."""
        return cls(State.FAILED, code, sentence)

    @classmethod
    def cancelled(cls, *, sent: bool) -> "Outcome":
        """Return the end of a try that someone stopped."""
        sentence = LATE if sent else ""
        return cls(State.CANCELLED, "cancelled_late" if sent else "", sentence, sent=sent)

    @classmethod
    def of_error(cls, prepared: Prepared, run: Run, error: SendError) -> "Outcome":
        """Return the end of a try without an answer: again where that is safe, unknown where nobody can
        tell."""
        setback = retry.Setback(error.sent, code=error.code)
        risky = error.sent and not prepared.operation.idempotent
        state = State.UNKNOWN if risky else State.FAILED
        sentence = f"{error.sentence} {UNSURE}" if risky else error.sentence
        outcome = cls(state, error.code, sentence, sent=error.sent, prepared=prepared)
        return outcome.unless_again(run, setback)

    @classmethod
    def of_reply(cls, prepared: Prepared, run: Run, reply: Reply) -> "Outcome":
        """Return the end of a try that was answered."""
        # A stream's words are put together here, so a secret may stand in them that no piece held alone.
        parsed = prepared.permit.redactor.tree(reading.document(reply, prepared.operation))
        good = cls(State.SUCCEEDED, sent=True, reply=reply, parsed=parsed, prepared=prepared)
        if reply.truncated:
            limit = f"{prepared.permit.keep >> 20} MiB"
            words = gettext_noop(
                "The service answered {status} with more than {limit}; the first {limit} are kept."
            ).format(status=reply.status, limit=limit)
            return replace(good, state=State.FAILED, code="too_large", sentence=words)
        if 200 <= reply.status < 300:
            return good
        trouble = sentences.of_answer(reply.status, parsed, prepared.service.errors)
        headers = {name.lower(): value for name, value in reversed(reply.headers)}
        setback = retry.Setback(True, reply.status, trouble.code, trouble.type, headers)
        bad = replace(good, state=State.FAILED, code=trouble.code, sentence=trouble.sentence)
        return bad.unless_again(run, setback)

    def unless_again(self, run: Run, setback: retry.Setback) -> "Outcome":
        """Return this end, or a wait for the next try where one is allowed."""
        if self.prepared is None or run.origin == Origin.TEST:  # a test says what is wrong now
            return self
        now = timezone.now()
        again = retry.again(self.prepared.service, self.prepared.operation, run.attempt_count, setback, now)
        return replace(self, state=State.WAITING, again=again) if again else self

    @property
    def document(self) -> Any:
        """The parsed answer, or None when it is none."""
        return None if self.parsed is reading.ABSENT else self.parsed

    @property
    def status(self) -> int | None:
        """The HTTP status of the answer, if there was one."""
        return self.reply.status if self.reply else None

    @property
    def next_try(self) -> Any:
        """When the next try is due, or None."""
        return timezone.now() + timedelta(seconds=self.again.seconds) if self.again else None
