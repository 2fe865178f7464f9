"""Tells a worker that a run waits, and never waits for the broker: the row is the truth, this only saves
time."""

from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore

import structlog
from celery import current_app

logger = structlog.get_logger(__name__)
# One thread publishes. A broker that is down costs it a second each; beyond these the beat task wakes up what
# lies.
LONGEST_COUNTDOWN = 120  # seconds: a message that waits longer is held by one worker for nothing
TOGETHER = (
    8  # messages for runs that wait at the same time: whoever is woken goes on as long as there is work
)
_publisher = ThreadPoolExecutor(1, thread_name_prefix="wake")
_room = BoundedSemaphore(100)
_now: SimpleQueue[int] = SimpleQueue()


def wake(run_id: int, seconds: float = 0) -> None:
    """Ask a worker to execute this run now or in some seconds. Returns at once, whether the broker is up or
    down."""
    if seconds > LONGEST_COUNTDOWN or not _room.acquire(blocking=False):
        return
    if seconds:
        _publisher.submit(_publish, "execute_run", run_id, seconds)
    else:
        _now.put(run_id)
        _publisher.submit(_publish_waiting)


def wake_bulk(bulk_id: int) -> None:
    """Ask a worker to go through a bulk job."""
    if _room.acquire(blocking=False):
        _publisher.submit(_publish, "go_on", bulk_id)


def _publish_waiting() -> None:
    """Publish for all that wait by now, a few messages for many; whoever comes after finds nothing left."""
    waiting = []
    while True:
        try:
            waiting.append(_now.get_nowait())
        except Empty:
            break
    for run_id in islice(waiting, TOGETHER):
        _send("execute_run", run_id)
    for _ in waiting:
        _room.release()


def _publish(task: str, row_id: int, seconds: float = 0) -> None:
    _send(task, row_id, seconds)
    _room.release()


def _send(task: str, row_id: int, seconds: float = 0) -> None:
    try:
        current_app.send_task(f"operations.tasks.{task}", [row_id], countdown=seconds or None)
    except Exception as error:  # whatever the transport raises: the beat task will find the row
        logger.warning("wake_up_failed", row=row_id, error=type(error).__name__)
