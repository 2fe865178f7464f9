"""Django's name card for the wiring: it brings `up`, `web`, `prepare`, `backup` and `restore`."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """The wiring."""

    name = "config"

    def ready(self) -> None:
        """Tie the rooms together, now that their models can be imported."""
        from config import celery  # noqa: F401  so that `.delay()` in a web process knows its broker
        from operations import hooks
        from webhooks import raising

        hooks.AFTER_RUN.append(raising.after_run)
