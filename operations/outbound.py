"""The only outgoing socket of the product: every call to a service goes through `send`."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import httpcore
import httpx
from django.utils.translation import gettext_noop

from operations import build, guard
from operations.errors import SendError
from operations.redaction import Redactor
from operations.sink import Sink, UnknownEncoding
from operations.wire import Hook, Wire, tls_context

# One request a connection, plain bytes, no cookies: nothing of one run is left for the next (threats.md,
# T14).
OUR_HEADERS = (("User-Agent", "Switchboard/1"), ("Accept-Encoding", "identity"), ("Connection", "close"))
Listener = Callable[[bytes], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Permit:
    """What one call may do: where its credentials may go, and how long and how large it may be."""

    credential_hosts: frozenset[str] | None = None  # None: the request carries no credential
    simulator: bool = False  # a practice connection may reach SIMULATOR_URL
    total: float = 600.0  # seconds for everything
    connect: float = 5.0  # seconds for the connection; the name has 5 of its own
    keep: int = 32 << 20  # bytes of the answer that are kept
    path: Path | None = None  # where a long answer, or one that is no text, goes
    redactor: Redactor = field(default_factory=lambda: Redactor(()))  # credentials that a service may echo


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: the start of the body in memory, all of it (up to `keep`) at `path` when one was
    written."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    size: int
    sha256: str
    truncated: bool
    path: Path | None
    address: str

    def header(self, name: str) -> str:
        """Return the first header of that name, or ""."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


async def send(
    request: build.Request,
    permit: Permit,
    *,
    before_first_byte: Hook | None = None,
    listener: Listener | None = None,
) -> Reply:
    """Send one request and return the answer, whatever its status. Raises SendError and, of Exceptions,
    nothing else.

    `before_first_byte` runs once the connection stands and may raise SendError to stop; `listener` gets
    the pieces of
    a text/event-stream as they come. No redirect is followed, nothing is read from the environment."""
    goal = guard.target(
        request.url,
        carries=permit.credential_hosts is not None,
        credential_hosts=permit.credential_hosts or frozenset(),
        simulator=permit.simulator,
    )
    wire = Wire(goal, permit.connect, before_first_byte)
    try:
        async with asyncio.timeout(permit.total):
            return await _exchange(request, permit, wire, listener)
    except TimeoutError:
        raise SendError("timeout", sent=wire.sent, host=goal.host, seconds=permit.total) from None
    except Exception as error:
        raise _meaning(error, wire, permit.redactor) from None


async def _exchange(request: build.Request, permit: Permit, wire: Wire, listener: Listener | None) -> Reply:
    with ExitStack() as opened:
        outgoing = _outgoing(request, opened)
        connection = httpcore.AsyncHTTPConnection(
            origin=outgoing.url.origin, ssl_context=tls_context(), network_backend=wire
        )
        try:
            return await _received(await connection.handle_async_request(outgoing), permit, wire, listener)
        finally:
            await connection.aclose()


def _outgoing(request: build.Request, opened: ExitStack) -> httpcore.Request:
    """Turn our request into the wire's; files are opened here and read while they go out, never whole in
    memory."""
    parts: list[Any] = [(name, (None, value.encode())) for name, value in request.form]
    for part in request.files:
        file = opened.enter_context(_bytes_of(part.file))
        parts.append((part.name, (part.file.filename, file, part.file.content_type)))
    named = {"files": parts} if parts else {"content": request.body}
    made = httpx.Request(request.method, request.url, headers=[*request.headers, *OUR_HEADERS], **named)
    target = made.url
    url = httpcore.URL(
        scheme=target.raw_scheme, host=target.raw_host, port=target.port, target=target.raw_path
    )
    return httpcore.Request(request.method, url, headers=made.headers.raw, content=made.stream)


def _bytes_of(file: build.FileRef) -> BinaryIO:
    return Path(file.path).open("rb")  # whoever reads it closes it


async def _received(
    response: httpcore.Response, permit: Permit, wire: Wire, listener: Listener | None
) -> Reply:
    mask = permit.redactor.masked
    headers = tuple(
        (name.decode("latin-1"), mask(value).decode("latin-1")) for name, value in response.headers
    )
    found = {name.lower(): value for name, value in reversed(headers)}
    kind = found.get("content-type", "")
    encoding = found.get("content-encoding", "")
    sink = Sink(permit.path, permit.keep, permit.redactor, kind=kind, encoding=encoding)
    try:
        async for chunk in response.aiter_stream():
            shown = sink.write(chunk)
            if listener is not None and kind.startswith("text/event-stream"):
                await listener(shown)
            if sink.truncated:
                break
    finally:
        sink.close()
    path = permit.path if sink.is_on_disk else None
    return Reply(
        response.status,
        headers,
        bytes(sink.start),
        sink.size,
        sink.sha256,
        sink.truncated,
        path,
        wire.address,
    )


def _meaning(error: Exception, wire: Wire, redactor: Redactor) -> SendError:
    """Return what an exception of any library means to a person; nothing passes this door unnamed."""
    if isinstance(error, SendError):
        error.sent = error.sent or wire.sent
        return error
    code, detail = next(_codes(error))
    return SendError(code, sent=wire.sent, host=wire.goal.host, detail=redactor.text(detail))


def _codes(error: Exception) -> Iterator[tuple[str, str]]:
    text = str(error)[:120] or type(error).__name__
    if isinstance(error, UnknownEncoding | zlib.error):
        yield "encoding", text
    if (
        isinstance(error, httpcore.RemoteProtocolError)
        and "disconnected" not in text
        and "closed" not in text
    ):
        yield "protocol", text
    if isinstance(error, httpcore.NetworkError | httpcore.RemoteProtocolError | httpcore.TimeoutException):
        yield "broken_off", text
    # Never a library's own words about what we send: h11 quotes the header, and with it the key.
    yield "unsendable", _about_us(error)


def _about_us(error: Exception) -> str:
    if isinstance(error, httpcore.LocalProtocolError | UnicodeError):
        return gettext_noop("a header or the address holds a character that HTTP does not allow")
    if isinstance(error, OSError):
        return gettext_noop("a file cannot be read ({strerror})").format(strerror=error.strerror)
    return type(error).__name__
