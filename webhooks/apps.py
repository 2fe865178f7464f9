"""Django's name card for this room."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """The `webhooks` room."""

    name = "webhooks"
    default_auto_field = "django.db.models.BigAutoField"
