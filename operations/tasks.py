"""Wake-ups: a task carries a run's id and nothing else, the row is the truth."""

from celery import shared_task

from operations import runs


@shared_task
def execute_run(run_id: int) -> None:
    """Execute the run whose turn it is; the id says that at least this one waits."""
    runs.execute_next(run_id)


@shared_task
def reap() -> None:
    """Wake up what lies, and close what nobody holds any more. Runs every ten seconds."""
    runs.reap()
