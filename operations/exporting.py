"""Following an export: it is written down with how far it is, and stops when somebody says so."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils import timezone

from audit import ids
from operations.models import Bulk
from people.models import Person

EXPORT = "export"  # the verb of a job that is sent rather than done
STEP = 1_000  # rows between two notes of how far it is


def begun(number: int, ending: str, count: int, person: Person) -> Bulk:
    """Write an export down under the number that its page gave it; the same person's same number begins
    anew."""
    if Bulk.objects.filter(id=number).exclude(verb=EXPORT, person=person).exists():
        number = ids.new_id()
    facts = {"verb": EXPORT, "word": ending, "runs": [], "count": count, "person": person}
    fresh = {"place": 0, "done": 0, "stop_asked": False, "finished_at": None}
    return Bulk.objects.update_or_create(id=number, defaults={**facts, **fresh})[0]


def followed(rows: Iterable[Any], bulk: Bulk) -> Iterator[Any]:
    """Pass the rows on; note every thousand how far it is, and end early when it is to stop, or nobody takes
    them any more."""
    sent = 0
    try:
        for sent, row in enumerate(rows, 1):
            yield row
            if sent % STEP == 0 and _is_stopped(bulk, sent):
                return
    finally:
        Bulk.objects.filter(id=bulk.id).update(place=sent, done=sent, finished_at=timezone.now())


def _is_stopped(bulk: Bulk, sent: int) -> bool:
    Bulk.objects.filter(id=bulk.id).update(place=sent, done=sent)
    return Bulk.objects.filter(id=bulk.id, stop_asked=True).exists()
