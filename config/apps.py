"""Django's name card for the wiring: it brings the commands `up`, `backup` and `restore`."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """The wiring."""

    name = "config"
