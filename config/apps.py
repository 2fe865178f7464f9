"""Django's name card for the wiring: it brings `up`, `web`, `prepare`, `backup` and `restore`."""

from importlib import import_module

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """The wiring."""

    name = "config"

    def ready(self) -> None:
        """Load the Celery application, so that `.delay()` in a web process knows its broker."""
        import_module("config.celery")
