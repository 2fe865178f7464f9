"""Deliveries as OpenAI sends them, as bytes of whole HTTP requests, made before the clock starts."""

import json
import os
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from connections import connecting, signing
from connections.models import Connection
from definitions import catalog
from webhooks import signatures

SERVICE = "chatgpt-v1"
TYPES = ("response.completed", "batch.completed", "fine_tuning.job.succeeded", "batch.failed")
PADDING = "x" * 780  # to 1 KB, the size that performance.md measured


@dataclass(frozen=True, slots=True)
class Sender:
    """A service that knows one endpoint and its secret."""

    connection: Connection
    key: bytes
    signed: bool = True
    where: str = "/webhooks"

    @classmethod
    def of(cls, name: str) -> Self:
        """Return a sender for a new connection of that name."""
        secret = signing.generate()
        service = catalog.service(SERVICE)
        entered = connecting.Entered(name, credentials={"apiKey": "sk-benchmark"}, webhook_secret=secret)
        return cls(connecting.connect(service, entered), signing.key(service.webhooks, secret))

    def forged(self) -> "Sender":
        """Return one who does not know the secret."""
        return replace(self, signed=False)

    def to(self, where: str) -> "Sender":
        """Return one who posts to another place than the door."""
        return replace(self, where=where)

    def request(self, name: str, body: bytes, at: int) -> bytes:
        """Return one request: the headers of Standard Webhooks and what a proxy adds."""
        token = signatures.sign(self.key, name, at, body) if self.signed else "v1," + "A" * 43 + "="
        return (
            f"POST {self.where}/{self.connection.endpoint} HTTP/1.1\r\nhost: localhost\r\n"
            f"user-agent: OpenAI-Webhooks/1.0\r\ncontent-type: application/json\r\naccept: */*\r\n"
            f"webhook-id: {name}\r\nwebhook-timestamp: {at}\r\nwebhook-signature: {token}\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        ).encode() + body


def body(number: int, at: int) -> bytes:
    """Return one event's body of about 1 KB."""
    said = {
        "id": f"evt_{number:032x}",
        "object": "event",
        "created_at": at,
        "type": TYPES[number % len(TYPES)],
        "data": {"id": f"batch_{number:032x}", "note": PADDING},
    }
    return json.dumps(said).encode()


def names(run: str, count: int) -> list[str]:
    """Return the webhook-ids of one run, in the order of its requests."""
    return [f"wh_{run}_{number}" for number in range(count)]


def write(path: Path, sender: Sender, wanted: list[str]) -> None:
    """Write one request for each name into a file for `load`; the same name again is the same delivery."""
    at = int(time.time())
    with open(path, "wb") as file:
        for request in _requests(sender, wanted, at):
            file.write(struct.pack("=I", len(request)))
            file.write(request)


def run_name() -> str:
    """Return a name that no other run of deliveries has."""
    return os.urandom(6).hex()


def _requests(sender: Sender, wanted: list[str], at: int) -> Iterator[bytes]:
    numbers = {name: number for number, name in enumerate(dict.fromkeys(wanted))}
    for name in wanted:
        yield sender.request(name, body(numbers[name], at), at)
