"""Django's name card for this room."""

from importlib import import_module

from django.apps import AppConfig


class ConnectionsConfig(AppConfig):
    """The `connections` room."""

    name = "connections"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let `manage.py check` look at the key ring."""
        import_module("connections.checks")
