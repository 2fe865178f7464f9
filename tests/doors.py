"""A door in this process, and senders that sign: what the tests of the webhooks room post with."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import uuid4

from connections.models import Connection
from connections.signing import key
from live.hub import hub
from tests.accounts import connected, new_signing_secret
from webhooks import signatures
from webhooks.door import Door

BODY = b'{"id":"evt_1","object":"event","type":"batch.completed","created_at":%d,"data":{"id":"batch_1"}}'

Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[bytes, bytes]
    body: bytes


@dataclass
class Sender:
    """A service that posts to one endpoint."""

    connection: Connection
    secret: str
    path: str = ""
    made: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, name: str = "Research", **entered: object) -> "Sender":
        """Return a sender for a new connection of that name."""
        secret = new_signing_secret()
        connection = connected(name, webhook_secret=secret, **entered)
        return cls(connection, secret, f"/webhooks/{connection.endpoint}")

    @property
    def key(self) -> bytes:
        return key(self.connection.definition.webhooks, self.secret)

    def headers(
        self, body: bytes, *, name: str = "", at: float | None = None, signed: bool = True
    ) -> Headers:
        """Return the headers of a delivery: `webhook-id`, `webhook-timestamp`, `webhook-signature`."""
        name = name or f"wh_{uuid4().hex}"
        self.made.append(name)
        at = int(time.time() if at is None else at)
        token = signatures.sign(self.key, name, at, body) if signed else "v1,AAAA"
        told = {"webhook-id": name, "webhook-timestamp": str(at), "webhook-signature": token}
        return [(b"content-type", b"application/json"), *((k.encode(), v.encode()) for k, v in told.items())]


def body(**changes: object) -> bytes:
    """Return an envelope as OpenAI sends it."""
    import json

    said = {"id": "evt_1", "object": "event", "type": "batch.completed", "created_at": int(time.time())}
    return json.dumps(said | {"data": {"id": "batch_1"}} | changes).encode()


@asynccontextmanager
async def open_door() -> AsyncIterator[Door]:
    """Open a door in the running loop and close everything that it opened."""
    door = Door()
    try:
        yield door
    finally:
        await door.close()
        await hub().close()


async def post(
    door: Door, path: str, headers: Headers, content: bytes | Sequence[bytes] = b"", **scope: object
) -> Answer:
    """Make one request the way uvicorn hands it to the door."""
    chunks = [content] if isinstance(content, bytes) else list(content)
    messages = [
        {"type": "http.request", "body": chunk, "more_body": index < len(chunks) - 1}
        for index, chunk in enumerate(chunks)
    ]
    sent: list[dict] = []

    async def receive():
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    request = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "headers": list(headers),
        "client": ("203.0.113.7", 4711),
        "query_string": b"",
    }
    await door(request | scope, receive, send)
    if not sent:
        return Answer(0, {}, b"")
    return Answer(sent[0]["status"], dict(sent[0]["headers"]), b"".join(m.get("body", b"") for m in sent[1:]))


def run(scenario) -> object:
    """Run `scenario(door)` in a loop of its own, with an open door."""

    async def whole():
        async with open_door() as door:
            return await scenario(door)

    return asyncio.run(whole())
