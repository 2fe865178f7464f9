"""Many open live pages in one process: notes when which event reached whom. Started by `live.py`.

    python benchmarks/viewers.py PORT COUNT COOKIE SLOW

Prints `open N` once all are connected, then waits for a line on standard input, and prints what it saw as
JSON. The
last SLOW of them never read.
"""

import asyncio
import json
import re
import sys
import time

import uvloop

CODE = re.compile(rb'<tr id="(evt_[0-9a-z]{13})"')
AT_ONCE = 100  # connections that are being opened at a time


class Page(asyncio.Protocol):
    """One live page: it keeps the time at which each event came."""

    def __init__(self) -> None:
        self.seen: dict[bytes, float] = {}
        self.greeted = asyncio.get_running_loop().create_future()
        self.bytes = 0
        self.cut_off = False

    def data_received(self, data: bytes) -> None:
        """Note the events of a piece; a row cut in two by the network is noted with its first part."""
        now = time.monotonic()
        self.bytes += len(data)
        if not self.greeted.done():
            self.greeted.set_result(data.split(b" ", 2)[1])
        for code in CODE.findall(data):
            self.seen.setdefault(code, now)

    def connection_lost(self, error: Exception | None) -> None:
        """Note that the server ended it."""
        self.cut_off = True
        if not self.greeted.done():
            self.greeted.set_result(b"lost")


async def opened(port: int, cookie: str, slow: bool) -> Page:
    """Return a page that the server has greeted; a slow one stops reading then."""
    transport, page = await asyncio.get_running_loop().create_connection(Page, "127.0.0.1", port)
    lines = (
        "GET /live/?topic=log HTTP/1.1",
        "host: localhost",
        f"cookie: {cookie}",
        "accept: text/event-stream",
    )
    transport.write("\r\n".join((*lines, "", "")).encode())
    status = await page.greeted
    assert status == b"200", f"a live page was answered {status!r}"
    if slow:
        transport.pause_reading()
    return page


async def main(port: int, count: int, cookie: str, slow: int) -> None:
    """Open the pages, wait to be asked, tell."""
    pages: list[Page] = []
    while len(pages) < count:
        batch = range(len(pages), min(len(pages) + AT_ONCE, count))
        pages += await asyncio.gather(*(opened(port, cookie, number >= count - slow) for number in batch))
    print(f"open {count}", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    seen = [{code.decode(): at for code, at in page.seen.items()} for page in pages]
    print(json.dumps({"seen": seen, "cut_off": [page.cut_off for page in pages]}), flush=True)


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4])))
