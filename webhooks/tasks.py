"""Wake-ups for the worker: the rows say what is to be done."""

from datetime import UTC, datetime

from celery import shared_task

from webhooks import partitions, processing


@shared_task
def process_events() -> None:
    """Process what waits. Woken by the door, and every ten seconds by beat for what nobody was woken for."""
    while processing.process():
        pass


@shared_task
def extend_partitions() -> None:
    """Make the event table's coming weeks. Runs every day."""
    partitions.extend(datetime.now(UTC))
