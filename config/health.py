"""`/healthz` and `/readyz`: plain ASGI, so that a probe needs no Host header and no Django thread."""

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import psycopg

from live import postgres

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

ANSWERS_WITHIN = 2.0  # seconds that the database may take before this process counts as not ready
_look: asyncio.Task[None] | None = None


async def alive(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer 200: this process takes requests."""
    await answer(send, 200, {"status": "alive"})


async def ready(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer 200 when the database answers, else 503: send no requests here yet."""
    try:
        await _database_answers()
    except (psycopg.Error, TimeoutError, OSError):
        await answer(send, 503, {"status": "the database does not answer"})
    else:
        await answer(send, 200, {"status": "ready"})


async def answer(send: Send, status: int, document: object) -> None:
    """Send one small JSON answer that nobody keeps."""
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(document).encode()})


async def _database_answers() -> None:
    """Look, or wait for the look that is under way: a flood of probes takes one connection, not all."""
    global _look
    if _look is None or _look.done():
        _look = asyncio.ensure_future(_looked())
    await asyncio.shield(_look)


async def _looked() -> None:
    async with asyncio.timeout(ANSWERS_WITHIN), await postgres.connect("probe") as probe:
        await probe.execute("SELECT 1")
