"""Deliveries as OpenAI would send them to one endpoint, and the ways in which they can be wrong."""

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from webhooks import signatures

Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """One request, ready to be sent."""

    path: str
    headers: Headers
    body: bytes
    method: str = "POST"

    def told(self, **values: bytes | None) -> "Letter":
        """Return it with other headers of Standard Webhooks: `told(signature=b"")`; None takes one away."""
        changed = {f"webhook-{name}".encode(): value for name, value in values.items()}
        kept = [(name, changed.get(name, value)) for name, value in self.headers]
        return replace(self, headers=tuple((name, value) for name, value in kept if value is not None))

    def signature(self) -> bytes:
        """Return the signature list that it carries."""
        return dict(self.headers)[b"webhook-signature"]


@dataclass(frozen=True, slots=True)
class Desk:
    """Where letters to one endpoint are written: its path, and the key that it knows."""

    path: str
    key: bytes

    def signed(
        self, body: bytes | None = None, *, name: str = "", age: float = 0, key: bytes = b"", below: str = ""
    ) -> Letter:
        """Return a letter that was signed `age` seconds ago, with the endpoint's or another key."""
        body = envelope() if body is None else body
        name, at = name or f"wh_{os.urandom(12).hex()}", int(time.time() - age)
        token = signatures.sign(key or self.key, name, at, body)
        told = {"content-type": "application/json", "webhook-id": name, "webhook-timestamp": str(at)}
        headers = [(key.encode(), value.encode()) for key, value in told.items()]
        return Letter(self.path + below, (*headers, (b"webhook-signature", token.encode())), body)

    def signed_as(self, layout: Callable[[bytes, bytes, bytes], bytes]) -> Letter:
        """Return a letter whose signature another hand wrote: `layout(key, text, body)` gives its token."""
        letter = self.signed()
        told = dict(letter.headers)
        text = b"%b.%b.%b" % (told[b"webhook-id"], told[b"webhook-timestamp"], letter.body)
        return letter.told(signature=layout(self.key, text, letter.body))


def envelope(**changes: object) -> bytes:
    """Return an event's body as OpenAI sends it."""
    said = {"id": "evt_1", "object": "event", "type": "batch.completed", "created_at": int(time.time())}
    return json.dumps({**said, "data": {"id": f"batch_{os.urandom(8).hex()}"}, **changes}).encode()
