"""Django's name card for this room."""

from django.apps import AppConfig


class DefinitionsConfig(AppConfig):
    """The `definitions` room."""

    name = "definitions"
    default_auto_field = "django.db.models.BigAutoField"
