"""One ASGI process: the public door for webhooks and the live stream beside Django."""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

pages = get_asgi_application()  # first: it sets Django up for the imports below

from config import health  # noqa: E402
from live.stream import Stream  # noqa: E402
from webhooks import feed as events  # noqa: E402
from webhooks.door import Door  # noqa: E402

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

door = Door()
live = Stream({"log": events.topic})
BESIDE: dict[str, Callable[[Message, Receive, Send], Awaitable[None]]] = {
    "/healthz": health.alive,
    "/readyz": health.ready,
    "/live/": live,
}


async def application(scope: Message, receive: Receive, send: Send) -> None:
    """Let deliveries and live pages past Django, whose middleware would cost them ten times their time."""
    path = scope.get("path", "")
    if path.startswith("/webhooks/"):
        await door(scope, receive, send)
    else:
        await BESIDE.get(path, pages)(scope, receive, send)
