"""The wiring: settings, addresses, the ASGI and Celery entry points, and what `manage.py up` starts."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
