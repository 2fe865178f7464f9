"""Django's name card for this room."""

from importlib import import_module

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The `audit` room."""

    name = "audit"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let `manage.py check` look at the guard of the trail."""
        import_module("audit.guard")
