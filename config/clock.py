"""The Celery application of beat alone: it knows the schedule and no task, and needs no Django."""

import logging.config

from celery import Celery
from celery.signals import setup_logging

from config import settings

app = Celery("switchboard", fixups=[])  # without Celery's Django fixup half the memory and a second less
app.config_from_object(settings, namespace="CELERY")


@setup_logging.connect
def our_logging(**_: object) -> None:
    """Log as every other program of the product."""
    logging.config.dictConfig(settings.LOGGING)
