"""Django's name card for this room."""

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    """The `operations` room."""

    name = "operations"
    default_auto_field = "django.db.models.BigAutoField"
