"""The plain alternative to live pages: a process that writes each row to every connection at once.

As many bytes to as many connections, but no database, no session, no filter, no template and no waiting
for more: where it is quiet this is the limit, where it is busy the product should be the faster one.
`live.py` starts it: it prints its port, then sends a row of BYTES for each code that it reads.

    python -m benchmarks.fanout BYTES
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
BEGIN = b'<tr id="evt_'


@dataclass(frozen=True, slots=True)
class Fanout:
    """The running process and its port."""

    process: "subprocess.Popen[str]"
    port: int

    def happen(self, pace: float, seconds: float) -> dict[str, float]:
        """Let rows be sent at a steady pace; return when each was asked for, by its code."""
        asked = {}
        began = time.monotonic()
        assert self.process.stdin
        for number in range(int(pace * seconds)):
            time.sleep(max(0.0, began + number / pace - time.monotonic()))
            code = f"{time.monotonic_ns() % 10**13:013d}"
            self.process.stdin.write(f"{code}\n")
            self.process.stdin.flush()
            asked[f"evt_{code}"] = time.monotonic()
        return asked


@contextmanager
def running(size: int) -> Iterator[Fanout]:
    """Run it with rows of this size."""
    words = [sys.executable, __file__, str(size)]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield Fanout(process, int(process.stdout.readline()))
    finally:
        process.kill()
        process.wait()


class Page(asyncio.Protocol):
    """One connection: greeted at its request, written to at each row."""

    def __init__(self, pages: set[asyncio.Transport]) -> None:
        self._pages = pages

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep it."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own is no subclass

    def data_received(self, data: bytes) -> None:
        """Greet it."""
        self._transport.write(HEAD)
        self._pages.add(self._transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Forget it."""
        self._pages.discard(self._transport)


async def main(size: int) -> None:
    """Listen, say where, and send a row to everybody for each code on standard input."""
    loop = asyncio.get_running_loop()
    pages: set[asyncio.Transport] = set()
    server = await loop.create_server(lambda: Page(pages), "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    codes = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(codes), sys.stdin)
    while code := (await codes.readline()).strip():
        row = (BEGIN + code + b'"').ljust(size, b" ")
        for page in pages:
            page.write(row)


if __name__ == "__main__":
    import uvloop

    uvloop.run(main(int(sys.argv[1])))
