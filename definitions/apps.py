"""Django's name card for this room."""

from typing import Any

from django.apps import AppConfig
from django.core import checks

from definitions import catalog


class DefinitionsConfig(AppConfig):
    """The `definitions` room."""

    name = "definitions"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let `manage.py check` name what is wrong with definitions; the product starts without the broken
        ones.
        """
        checks.register(broken_definitions)


def broken_definitions(**kwargs: Any) -> list[checks.CheckMessage]:
    """Return one warning for each finding in a definition that could not be loaded."""
    return [checks.Warning(str(finding), id="definitions.W001") for finding in catalog.broken()]
