"""Puts cases through a real copy over sockets, as bytes, with whatever HTTP they may turn out to be."""

import asyncio
import re
from collections.abc import Iterable, Iterator

from benchmarks.fuzz.headers import Case
from benchmarks.fuzz.outcome import Outcome

AT_ONCE = 64  # connections
PATIENCE = 25.0  # seconds for an answer; the door itself waits 15 for a body
STATUS = re.compile(rb"^HTTP/1\.1 (\d{3})", re.MULTILINE)
# What a changed path, method or message meets before the door, or instead of it; 0 is a closed connection.
BESIDE = frozenset({0, 301, 302, 403, 501})


def put_through(cases: Iterable[Case], port: int, name: str) -> Outcome:
    """Post every case to that port of this machine; return what came of them."""
    return asyncio.run(_all(iter(cases), port, Outcome(name)))


async def _all(cases: Iterator[Case], port: int, outcome: Outcome) -> Outcome:
    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(_some(cases, port, outcome))
    return outcome


async def _some(cases: Iterator[Case], port: int, outcome: Outcome) -> None:
    for case in cases:
        statuses = await _post(case, port)
        worst = max(statuses, default=0)  # a body may hold a second request: no answer may be 5xx
        outcome.tell(case, worst if worst > 500 else statuses[0] if statuses else 0, BESIDE)


async def _post(case: Case, port: int) -> list[int]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(PATIENCE):
            writer.write(raw(case))
            return [int(found) for found in STATUS.findall(await reader.read(-1))]
    except (OSError, TimeoutError):
        return []
    finally:
        writer.close()


def raw(case: Case) -> bytes:
    """Return the request as bytes, said as wrongly as the case says it."""
    told = [(b"host", b"localhost"), (b"x-forwarded-for", case.peer.encode()), (b"connection", b"close")]
    told += case.headers
    if not case.get(b"content-length"):
        told.append((b"content-length", str(len(case.body)).encode()))
    first = f"{case.method} {case.path} HTTP/1.1\r\n".encode("utf-8", "surrogatepass")
    return first + b"".join(b"%b: %b\r\n" % line for line in told) + b"\r\n" + case.body
