"""The connection below a call: to a checked address only, and it knows when the first byte goes out."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

import certifi
import httpcore
from django.conf import settings
from django.utils.translation import gettext_noop

from operations import guard
from operations.errors import SendError

TRIED = 4  # addresses of a name that are tried, each for its share of the time
Hook = Callable[[], Awaitable[None]]


@cache
def tls_context() -> ssl.SSLContext:
    """Return the one TLS context: verification is never off; an administrator may add authorities by a
    file."""
    context = ssl.create_default_context(cafile=certifi.where())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.CA_FILE:
        context.load_verify_locations(cafile=settings.CA_FILE)
    return context


class Wire(httpcore.AsyncNetworkBackend):
    """Connects to the addresses that the guard let through, whatever name the request bears."""

    def __init__(self, goal: guard.Target, limit: float, before_first_byte: Hook | None) -> None:
        """`limit` is in seconds, for the connection with its TLS; the hook runs once, just before the first
        byte."""
        self.goal, self.limit, self.hook = goal, limit, before_first_byte
        self.sent = False
        self.address = ""
        self._plain = httpcore.AnyIOBackend()

    async def connect_tcp(
        self, host: str, port: int, *rest: Any, **named: Any
    ) -> httpcore.AsyncNetworkStream:
        """Look the name up once and connect to one of its answers. Raises SendError."""
        found = (await guard.addresses(self.goal))[:TRIED]
        for address in found:
            try:
                stream = await self._plain.connect_tcp(
                    address, self.goal.port, timeout=self.limit / len(found)
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last: Exception = error
            else:
                self.address = address
                return _Stream(stream, self)
        late = isinstance(last, httpcore.ConnectTimeout)
        raise SendError(
            "connect_timeout" if late else "unreachable", host=self.goal.host, seconds=self.limit
        ) from None

    async def connect_unix_socket(self, path: str, *rest: Any, **named: Any) -> httpcore.AsyncNetworkStream:
        """There is no way to a socket file. Raises SendError."""
        raise SendError("blocked")

    async def sleep(self, seconds: float) -> None:
        """Wait; httpcore asks for this between its own retries, which are off."""
        await asyncio.sleep(seconds)


class _Stream(httpcore.AsyncNetworkStream):
    """One connection; what is written through it is the request itself, for the handshake happens below."""

    def __init__(self, inner: httpcore.AsyncNetworkStream, wire: Wire) -> None:
        self._inner, self._wire = inner, wire

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._inner.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not self._wire.sent:
            if self._wire.hook is not None:
                await self._wire.hook()
            self._wire.sent = True
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        host = self._wire.goal.host
        try:
            secured = await self._inner.start_tls(ssl_context, server_hostname, self._wire.limit)
        except httpcore.ConnectTimeout:
            raise SendError("connect_timeout", host=host, seconds=self._wire.limit) from None
        except (httpcore.ConnectError, OSError) as error:
            raise SendError("tls", host=host, detail=_reason(error)) from None
        return _Stream(secured, self._wire)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _reason(error: BaseException) -> str:
    """Return OpenSSL's own words, as far as a person can use them."""
    cause = error.__cause__ or error.__context__ or error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return cause.verify_message or gettext_noop("certificate not valid")
    return getattr(cause, "reason", "") or gettext_noop("the TLS handshake failed")
