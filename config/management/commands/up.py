"""`manage.py up`: everything on this machine under one supervisor, until Ctrl-C."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.home import Unusable
from config.product import Product
from config.services import NotReady
from people import invitations


class Command(BaseCommand):
    """Start the whole product."""

    help = "Start PostgreSQL, Valkey, web, worker, beat and the practice service, and keep them running."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the address to listen on."""
        parser.add_argument("--port", type=int, default=settings.PORT, help="default 8700")
        parser.add_argument("--host", default="127.0.0.1", help="default: this machine only")

    def handle(self, *, port: int, host: str, **_: Any) -> None:
        """Run until asked to stop; a failure is one sentence and exit code 1."""
        product = Product(host, port, say=self.stderr.write)
        try:
            stopped = product.run(self._ready)
        except (Unusable, NotReady) as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            return
        if not stopped:
            log = product.postgres.log if product.postgres else ""
            raise CommandError(
                "The database ended unexpectedly, so everything was stopped. Nothing that was committed "
                f"is lost: start again. Its log: {log}"
            )

    def _ready(self, url: str) -> None:
        link = invitations.first_link()
        welcome = f" – set up the first account: {link}" if link else ""
        self.stdout.write(f"Switchboard is at {url}{welcome} (Ctrl-C stops it)")
        self.stdout.flush()
