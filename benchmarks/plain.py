"""The design that the door's goal was measured with: a plain ASGI application, one INSERT for all that wait.

It verifies one secret and inserts into pgbench's own table: no endpoint is looked up, nothing is refused
with a reason, nobody is told. What it makes on a machine is what the goal of performance.md is worth there.
`door --plain 1` starts it; it prints its port.

    python -m benchmarks.plain SOCKETS KEY CONNECTION
"""

import asyncio
import hashlib
import hmac
import socket
import subprocess
import sys
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import uvicorn
import uvloop

# One array a column; what is the same in all rows is a constant, as in pgbench's own INSERT.
INSERT = """
INSERT INTO bench_insert (id, connection_id, delivery_id, type, object_id, created_at, marks, path, peer,
    headers, secret_id, secret_label, body, size, origin, state, duplicates, hydration, error)
SELECT nextval('bench_insert_ids'), %(connection)s, row.name, 'batch.completed', '', now(), '{}',
    '/webhooks', '127.0.0.1', row.headers, %(connection)s, 'current', row.body, octet_length(row.body),
    'delivered', 'received', 0, '', ''
FROM unnest(%(names)s::text[], %(headers)s::text[], %(bodies)s::bytea[]) AS row (name, headers, body)
ON CONFLICT DO NOTHING
"""

Waiting = tuple[str, str, bytes, "asyncio.Future[None]"]


@contextmanager
def running(sockets: Path, key: bytes, connection: str) -> Iterator[int]:
    """Run it beside the server of these sockets, and yield its port."""
    words = [sys.executable, __file__, str(sockets), key.hex(), connection]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


class Plain:
    """The application and what waits for its writer."""

    def __init__(self, sockets: str, key: bytes, connection: str) -> None:
        self._conninfo = f"host={sockets} user=postgres dbname=switchboard"
        self._key, self._connection = key, connection
        self._waiting: list[Waiting] = []
        self._writer: asyncio.Task[None] | None = None
        self._database: Any = None

    async def __call__(
        self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        """Verify, wait for the commit, answer."""
        body = await _read(receive)
        status = 200 if self._is_signed(dict(scope["headers"]), body) else 401
        if status == 200:
            await self._stored(scope["headers"], body)
        head = [(b"content-length", b"0")]
        await send({"type": "http.response.start", "status": status, "headers": head})
        await send({"type": "http.response.body", "body": b""})

    def _is_signed(self, headers: dict[bytes, bytes], body: bytes) -> bool:
        claimed = b"%b.%b.%b" % (headers[b"webhook-id"], headers[b"webhook-timestamp"], body)
        token = b"v1," + b64encode(hmac.digest(self._key, claimed, hashlib.sha256))
        return hmac.compare_digest(token, headers[b"webhook-signature"])

    async def _stored(self, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        name = dict(headers)[b"webhook-id"].decode()
        told = asyncio.get_running_loop().create_future()
        self._waiting.append((name, repr(headers), body, told))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        await told

    async def _write(self) -> None:
        while self._waiting:
            self._database = self._database or await psycopg.AsyncConnection.connect(
                self._conninfo, autocommit=True, prepare_threshold=0
            )
            batch, self._waiting = self._waiting, []
            names, headers, bodies, told = (list(column) for column in zip(*batch, strict=True))
            values = {"connection": self._connection, "names": names, "headers": headers, "bodies": bodies}
            await self._database.execute(INSERT, values)
            for one in told:
                one.set_result(None)


async def _read(receive: Callable[[], Awaitable[Any]]) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    return body


async def main(sockets: str, key: str, connection: str) -> None:
    """Listen, say where, and serve."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=2048)
    print(listening.getsockname()[1], flush=True)
    app = Plain(sockets, bytes.fromhex(key), connection)
    asked = uvicorn.Config(
        app, http="httptools", lifespan="off", access_log=False, log_level="warning", proxy_headers=False
    )
    await uvicorn.Server(asked).serve(sockets=[listening])


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
