"""Wake-ups: a task carries a run's id and nothing else, the row is the truth."""

from celery import shared_task
from django.utils.translation import gettext_noop

from operations import bulks, retention, runs
from people import notices


@shared_task
def execute_run(run_id: int) -> None:
    """Execute the run whose turn it is; the id says that at least this one waits."""
    runs.execute_next(run_id)


@shared_task
def reap() -> None:
    """Wake up what lies, and close what nobody holds any more. Runs every ten seconds."""
    runs.reap()
    for bulk_id in bulks.unfinished():
        go_on.delay(bulk_id)


@shared_task
def tidy() -> None:
    """Remove the runs that the connections' retention lets go. Runs every hour."""
    if count := retention.tidy():
        notices.tell(None, gettext_noop("Retention removed %(count)s runs."), "/audit/", count=count)


@shared_task
def go_on(bulk_id: int) -> None:
    """Go through a bulk job, a step at a time."""
    while bulks.go_on(bulk_id):
        pass
