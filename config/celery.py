"""The Celery application: JSON messages that carry ids only, no result backend."""

import os
import sys
import warnings
from typing import Any

from celery import Celery
from celery.exceptions import SecurityWarning
from celery.signals import celeryd_after_setup, setup_logging, task_postrun, task_prerun
from django.conf import settings
from django.db import close_old_connections, connections
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# The embedded worker of `manage.py up` runs as whoever started it; production runs it as its own user.
warnings.filterwarnings("ignore", category=SecurityWarning)

app = Celery("switchboard")
app.config_from_object("django.conf:settings", namespace="CELERY")
# Celery closes a thread's connection to the database around every task, and its pool, too (#10554). Each
# new one costs PostgreSQL a process: as much time as all the rest of a run. So it is told to leave them.
app.add_defaults(lambda: {"CELERY_DB_REUSE_MAX": sys.maxsize})
app.steps["worker"].add(DjangoStructLogInitStep)
app.autodiscover_tasks()


@celeryd_after_setup.connect
def share_out_connections(instance: Any, **_: object) -> None:
    """Let a worker's tasks share a pool: no thread waits for a connection, and idle ones are closed.

    Threads that kept theirs kept them for good, 4.5 MiB each: the clock's ticks go to all of them by turns.
    """
    database = connections["default"].settings_dict
    database["CONN_MAX_AGE"] = 0
    database["OPTIONS"]["pool"] = {**settings.POOL_LIMITS, "max_size": instance.concurrency}


@task_prerun.connect
@task_postrun.connect
def give_back_the_connection(**_: object) -> None:
    """Return a pool's connection, and close any other that failed or grew old."""
    close_old_connections()


@setup_logging.connect
def keep_our_logging(**_: object) -> None:
    """Leave the logging as the settings made it; Celery sets its own up unless somebody listens here."""
