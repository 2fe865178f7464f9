"""One thing done to many runs: counted first, done a step at a time, stoppable, and taken up again after a
crash."""

from collections.abc import Callable, Mapping

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from audit import along, log, pages
from operations import resolving, runs
from operations.build import InputErrors
from operations.models import Bulk, Run
from people import notices
from people.models import Person

MOST = 500  # runs of one job (threats.md, T30)
STEP = 20  # runs between two looks at whether someone stopped it
VERBS = {"again": _("Run again"), "cancel": _("Cancel"), "tag": _("Tag")}


def plan(rows: pages.Rows) -> list[int]:
    """Return the ids of the runs that a job would be about, oldest first, at most MOST."""
    newest = along.newest(rows).values_list("id", flat=True)[:MOST]
    return sorted(newest)


def start(verb: str, chosen: list[int], person: Person, word: str = "") -> Bulk:
    """Write a job down; a worker goes through it. Raises KeyError for an unknown verb."""
    VERBS[verb]
    with transaction.atomic():
        bulk = Bulk.objects.create(verb=verb, runs=chosen[:MOST], person=person, word=word[:40])
        note = f"{verb} {len(chosen)} runs {word}".strip()
        log.record("runs.bulk", person=person, target=("bulk", bulk.ref, str(bulk)), note=note)
    return bulk


def go_on(bulk_id: int) -> bool:
    """Do the next step of a job; says whether there is more. Two workers at once do no run twice."""
    with transaction.atomic():
        bulk = Bulk.objects.select_for_update(skip_locked=True).filter(id=bulk_id, finished_at=None).first()
        if bulk is None:
            return False
        step = [] if bulk.stop_asked else bulk.runs[bulk.place : bulk.place + STEP]
        for run in _open_to(bulk.person).filter(id__in=step).select_related("connection").order_by("id"):
            _do(bulk, run)
        bulk.place += len(step)
        more = bool(step) and bulk.place < bulk.total
        Bulk.objects.filter(id=bulk.id).update(place=bulk.place, finished_at=None if more else timezone.now())
        if not more:
            text = gettext_noop("The job is over: %(done)s of %(total)s runs done, %(skipped)s left out.")
            bulk.refresh_from_db()
            values = {"done": bulk.done, "total": bulk.total, "skipped": bulk.skipped}
            notices.tell(bulk.person, text, bulk.get_absolute_url(), **values)
    return more


def _open_to(person: Person | None) -> QuerySet[Run]:
    """Whose job it is may have been shut out, or lost the role or a connection, since it began (T30)."""
    return Run.objects.for_user(person) if person and person.may("operator") else Run.objects.none()


def stop(bulk: Bulk) -> None:
    """Ask a job to stop after its present step; what it did stays done."""
    Bulk.objects.filter(id=bulk.id, finished_at=None).update(stop_asked=True)


def unfinished() -> list[int]:
    """Return the jobs that still have to go on."""
    waiting = Bulk.objects.filter(finished_at=None, verb__in=VERBS).order_by("id")
    return list(waiting.values_list("id", flat=True))


def _do(bulk: Bulk, run: Run) -> None:
    try:
        with transaction.atomic():
            done = DEEDS[bulk.verb](bulk, run)
    except (InputErrors, LookupError):
        done = False
    Bulk.objects.filter(id=bulk.id).update(
        **{"done" if done else "skipped": F("done" if done else "skipped") + 1}
    )


def _again(bulk: Bulk, run: Run) -> bool:
    resolving.again(run, bulk.person, bulk=bulk.id)
    return True


def _cancel(bulk: Bulk, run: Run) -> bool:
    return runs.cancel(run, bulk.person)


def _tag(bulk: Bulk, run: Run) -> bool:
    return run.add_tag(bulk.word)


DEEDS: Mapping[str, Callable[[Bulk, Run], bool]] = {"again": _again, "cancel": _cancel, "tag": _tag}
