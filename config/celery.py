"""The Celery application: JSON messages that carry ids only, no result backend."""

import os
import sys
import warnings

from celery import Celery
from celery.exceptions import SecurityWarning
from celery.signals import setup_logging, task_prerun
from django.db import close_old_connections
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# The embedded worker of `manage.py up` runs as whoever started it; production runs it as its own user.
warnings.filterwarnings("ignore", category=SecurityWarning)

app = Celery("switchboard")
app.config_from_object("django.conf:settings", namespace="CELERY")
# Celery closes a thread's connection to the database around every task, and each new one costs PostgreSQL a
# process: as much time as all the rest of a run. So it goes on with one, as requests do (CONN_MAX_AGE).
app.add_defaults(lambda: {"CELERY_DB_REUSE_MAX": sys.maxsize})
app.steps["worker"].add(DjangoStructLogInitStep)
app.autodiscover_tasks()


@task_prerun.connect
def look_after_the_connection(**_: object) -> None:
    """Close it if it failed or grew old, and have it asked at its next use whether it lives."""
    close_old_connections()


@setup_logging.connect
def keep_our_logging(**_: object) -> None:
    """Leave the logging as the settings made it; Celery sets its own up unless somebody listens here."""
