"""Django's name card for this room."""

from django.apps import AppConfig


class OverviewConfig(AppConfig):
    """The `overview` room."""

    name = "overview"
    default_auto_field = "django.db.models.BigAutoField"
