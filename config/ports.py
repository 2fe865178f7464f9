"""The port of the pages: opened once for all web processes to come; does one of them answer there yet?"""

import http.client
import socket
import time
from collections.abc import Callable
from contextlib import suppress

from config.services import NotReady
from config.supervisor import Child

SERVES_WITHIN = 60  # seconds
BACKLOG = 2048  # callers that wait for a web process; uvicorn's own number


def listen(host: str, port: int) -> socket.socket:
    """Return the open socket of the pages. Raises NotReady when the port is taken, or may not be used.

    `up` keeps it while web processes come and go: whoever calls meanwhile waits, and is not refused.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, OverflowError) as error:
        why = (getattr(error, "strerror", "") or str(error)).partition(" (while")[0]
        raise NotReady(
            f"Port {port} on {host} cannot be used ({why}): choose another, "
            "for example `make run PORT=8701` or `manage.py up --port 8701`."
        ) from None


def free() -> int:
    """Return a loopback port that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def wait_until_served(host: str, port: int, web: Child, *, given_up: Callable[[], bool]) -> None:
    """Return when the web process answers, or nobody waits any more. Raises NotReady when it cannot."""
    deadline = time.monotonic() + SERVES_WITHIN
    while not serves(host, port) and not given_up():
        if time.monotonic() > deadline or (web.process and web.process.poll() is not None):
            raise NotReady(f"The web process does not serve; its log says why: {web.log}")
        time.sleep(0.03)


def serves(host: str, port: int) -> bool:
    """Say whether a Switchboard answers at this address now."""
    address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  compared, not bound
    asked = http.client.HTTPConnection(address, port, timeout=2)
    with suppress(OSError, http.client.HTTPException):
        asked.request("GET", "/healthz")
        return asked.getresponse().status == 200
    return False
