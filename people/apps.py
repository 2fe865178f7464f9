"""Django's name card for this room."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """The `people` room."""

    name = "people"
    default_auto_field = "django.db.models.BigAutoField"
