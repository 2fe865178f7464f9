"""Lists `up` among Django's commands; `manage.py` itself runs it, without loading Django."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config import up


class Command(BaseCommand):
    """Start the whole product."""

    help = "Start PostgreSQL, Valkey, web, worker, beat and the practice service, and keep them running."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the address to listen on."""
        up.add_arguments(parser)

    def handle(self, *, port: int, host: str, **_: Any) -> None:
        """Run until asked to stop."""
        sys.exit(up.run(host, port))
