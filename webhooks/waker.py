"""Wakes the worker up when events wait for it: one message for many events, and never in a delivery's way."""

import asyncio
import logging

from celery import current_app

TASK = "webhooks.tasks.process_events"
PAUSE = 0.1  # seconds in which further events need no further message

log = logging.getLogger(__name__)


class Waker:
    """Sends the message in a thread: with the broker down, sending blocks. Beat wakes up what nobody did."""

    def __init__(self) -> None:
        self._news = False
        self._task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Say that there is something to process."""
        self._news = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="door waker")

    async def _run(self) -> None:
        while self._news:
            self._news = False
            try:
                await asyncio.to_thread(current_app.send_task, TASK)
            except Exception as error:  # the broker may fail in any way; the event is safe, and beat comes by
                log.warning("The worker could not be woken: %s", error)
            await asyncio.sleep(PAUSE)
