"""`manage.py web`: the web process alone, as `up`, the container and systemd start it."""

import socket
from contextlib import suppress
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
        parser.add_argument("--socket", type=int, help="an open socket to serve instead, as `up` hands it on")

    def handle(self, *, port: int, host: str, **options: Any) -> None:
        """Serve until SIGTERM; open streams get three seconds, and then the door's last rows three more."""
        from config import asgi  # it collects and freezes all that is loaded, so it comes last

        asked = uvicorn.Config(
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
        given = options["socket"]
        with suppress(KeyboardInterrupt):
            uvicorn.Server(asked).run(None if given is None else [socket.socket(fileno=given)])
