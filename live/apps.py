"""Django's name card for this room."""

from django.apps import AppConfig


class LiveConfig(AppConfig):
    """The `live` room."""

    name = "live"
    default_auto_field = "django.db.models.BigAutoField"
