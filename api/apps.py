"""Django's name card for this room."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The `api` room."""

    name = "api"
    default_auto_field = "django.db.models.BigAutoField"
