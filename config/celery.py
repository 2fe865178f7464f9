"""The Celery application: JSON messages that carry ids only, no result backend."""

import os
import warnings

from celery import Celery
from celery.exceptions import SecurityWarning
from celery.signals import setup_logging
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# The embedded worker of `manage.py up` runs as whoever started it; production runs it as its own user.
warnings.filterwarnings("ignore", category=SecurityWarning)

app = Celery("switchboard")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.steps["worker"].add(DjangoStructLogInitStep)
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logging(**_: object) -> None:
    """Leave the logging as the settings made it; Celery sets its own up unless somebody listens here."""
