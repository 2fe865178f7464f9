"""Wake-ups: a task carries a run's id and nothing else, the row is the truth."""

from celery import shared_task

from operations import runs


@shared_task
def execute_run(run_id: int) -> None:
    """Execute the run with this id, if it can be claimed."""
    runs.execute(run_id)


@shared_task
def reap() -> None:
    """Wake up what lies, and close what nobody holds any more. Runs every ten seconds."""
    runs.reap()
