"""Django's name card for this room."""

from django.apps import AppConfig


class ConnectionsConfig(AppConfig):
    """The `connections` room."""

    name = "connections"
    default_auto_field = "django.db.models.BigAutoField"
