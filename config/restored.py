"""What a restored copy must not do by itself: send again, react, or let old sessions in."""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from audit import log
from connections.models import Connection
from operations.models import Attempt, Run, State
from webhooks.marks import Added
from webhooks.models import Event, Mark

SENT = (
    "The backup was made while this request was under way: it may have been done. Look at the service "
    "before you run it again."
)
NOT_SENT = "The backup was made before this was sent. Run it again if it is still wanted."


@dataclass(frozen=True)
class Settled:
    """How many rows a restore closed or holds."""

    unknown: int
    cancelled: int
    held: int
    paused: int


@transaction.atomic
def settle() -> Settled:
    """Close every open run, hold every unprocessed event, pause every connection."""
    ended = {"finished_at": timezone.now(), "lease": None, "lease_until": None, "error_code": "restored"}
    sending, others = Run.objects.filter(state=State.SENDING), Run.objects.open()
    settled = Settled(
        unknown=sending.update(state=State.UNKNOWN, error=SENT, summary=SENT[:200], **ended),
        cancelled=others.update(state=State.CANCELLED, error=NOT_SENT, summary=NOT_SENT[:200], **ended),
        held=Event.objects.waiting().update(marks=Added(Mark.HELD)),
        paused=Connection.objects.filter(paused=False).update(paused=True),
    )
    Attempt.objects.filter(finished_at=None).update(finished_at=timezone.now(), error_code="restored")
    log.record("backup.restored", target=("backup", "", ""), after=vars(settled))
    return settled
