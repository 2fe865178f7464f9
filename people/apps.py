"""Django's name card for this room."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """The `people` room."""

    name = "people"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Begin to listen for what belongs on the audit trail; models are loaded now."""
        from people import trail

        trail.listen()
