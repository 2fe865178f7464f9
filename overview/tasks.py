"""What beat asks of a worker for the overview: a sign of life, and the hours counted."""

import socket
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from celery import shared_task
from django.db.models.functions import Now

from overview import hours, watching
from overview.models import Pulse
from people import notices


@shared_task
def pulse() -> None:
    """Write down that beat asked and this worker did."""
    seen = {"at": Now(), "worker_at": datetime.now(UTC), "version": _version()}
    Pulse.objects.update_or_create(worker=socket.gethostname()[:200], defaults=seen)


@shared_task
def watch() -> None:
    """Tell people what of theirs has ended in the background."""
    watching.look()


@shared_task
def count_hours() -> None:
    """Count the events that arrived since the last time, for the overview's charts."""
    hours.count()
    notices.forget()


def _version() -> str:
    try:
        return version("switchboard")
    except PackageNotFoundError:
        return ""
