"""`manage.py web`: the web process alone, as `up`, the container and systemd start it."""

from typing import Any

import uvicorn
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from webhooks import protocol


class Command(BaseCommand):
    """Serve the pages, the public door and the live stream."""

    help = "Serve the pages, the door for webhooks and the live stream from one process."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the address to listen on."""
        parser.add_argument("--port", type=int, default=settings.PORT)
        parser.add_argument("--host", default="127.0.0.1")

    def handle(self, *, port: int, host: str, **_: Any) -> None:
        """Serve until SIGTERM; open streams get three seconds, and then the door's last rows three more."""
        from config import asgi  # it collects and freezes all that is loaded, so it comes last

        uvicorn.run(
            asgi.application,
            http=protocol.beside(asgi.door),
            host=host,
            port=port,
            lifespan="on",
            log_config=None,  # ours, from the settings
            access_log=False,
            proxy_headers=False,  # config.asgi believes SWITCHBOARD_TRUSTED_PROXIES and nobody else
            server_header=False,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=3,
        )
