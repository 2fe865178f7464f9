"""Messages to the worker from synchronous code: they save time, the rows are the truth, so a dead broker is
no error."""

import logging

from celery import current_app

log = logging.getLogger(__name__)


def wake(task: str, *arguments: int) -> None:
    """Ask a worker for a task of this room; when the broker is down, beat comes by later."""
    try:
        current_app.send_task(f"webhooks.tasks.{task}", list(arguments))
    except Exception as error:
        log.warning("The worker could not be woken for %s: %s", task, error)
