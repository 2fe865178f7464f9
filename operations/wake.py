"""Tells a worker that a run waits, and never waits for the broker: the row is the truth, this only saves
time."""

from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore

import structlog
from celery import current_app

logger = structlog.get_logger(__name__)
# One thread publishes. A broker that is down costs it a second each; beyond these the beat task wakes up what
# lies.
LONGEST_COUNTDOWN = 120  # seconds: a message that waits longer is held by one worker for nothing
_publisher = ThreadPoolExecutor(1, thread_name_prefix="wake")
_room = BoundedSemaphore(100)


def wake(run_id: int, seconds: float = 0) -> None:
    """Ask a worker to execute this run now or in some seconds. Returns at once, whether the broker is up or
    down."""
    if seconds <= LONGEST_COUNTDOWN and _room.acquire(blocking=False):
        _publisher.submit(_publish, run_id, seconds)


def wake_bulk(bulk_id: int) -> None:
    """Ask a worker to go through a bulk job."""
    if _room.acquire(blocking=False):
        _publisher.submit(_publish, bulk_id, 0, "operations.tasks.go_on")


def _publish(run_id: int, seconds: float, task: str = "operations.tasks.execute_run") -> None:
    try:
        current_app.send_task(task, [run_id], countdown=seconds or None)
    except Exception as error:  # whatever the transport raises: the beat task will find the row
        logger.warning("wake_up_failed", run=run_id, error=type(error).__name__)
    finally:
        _room.release()
