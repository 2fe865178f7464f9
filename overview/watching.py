"""Looks at what people wait for in the background, and lets them be told once it is over."""

from collections.abc import Callable, Mapping, Sequence

from django.db import transaction

from operations.models import Run
from people import notices
from people.models import Notice
from webhooks.models import Event, Mark, State

UNDER_WAY: Mapping[str, Callable[[Sequence[int]], bool]] = {
    "runs": lambda rows: Run.objects.filter(pk__in=rows).open().exists(),
    # What a paused endpoint holds is not under way.
    "events": lambda rows: (
        Event.objects.filter(pk__in=rows, state=State.RECEIVED).exclude(marks__contains=[Mark.HELD]).exists()
    ),
}


@transaction.atomic
def look() -> int:
    """Tell what is over and return how many that were; two workers at once tell each once."""
    waiting = Notice.objects.select_for_update(skip_locked=True).exclude(awaits="")
    over = [notice for notice in waiting if not UNDER_WAY[notice.awaits](notice.rows)]
    for notice in over:
        notices.release(notice)
    return len(over)
