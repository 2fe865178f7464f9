"""The Celery application of beat alone: it knows the schedule and no task, and needs no Django."""

import logging.config
import time
from datetime import UTC, datetime, timedelta

from celery import Celery
from celery.schedules import schedule
from celery.signals import setup_logging

from config import settings

app = Celery("switchboard", fixups=[])  # without Celery's Django fixup half the memory and a second less
app.config_from_object(settings, namespace="CELERY")
BEGAN, MOMENT = datetime.now(UTC), time.monotonic()
LONG_AGO = BEGAN - timedelta(days=1)


def steady() -> datetime:
    """Return a time that only runs forward: the machine's own may be set."""
    return BEGAN + timedelta(seconds=time.monotonic() - MOMENT)


# By the time of day, a clock that had been a quarter of an hour ahead and was set right kept beat silent for
# that long. A file of when each tick was last keeps it silent over a restart, too: all are due at a start.
app.conf.beat_scheduler = "celery.beat:Scheduler"
app.conf.beat_schedule = {
    name: {**entry, "schedule": schedule(entry["schedule"], nowfun=steady, app=app), "last_run_at": LONG_AGO}
    for name, entry in settings.CELERY_BEAT_SCHEDULE.items()
}


@setup_logging.connect
def our_logging(**_: object) -> None:
    """Log as every other program of the product."""
    logging.config.dictConfig(settings.LOGGING)
