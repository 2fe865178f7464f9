"""One HTTP request as the door sees it: what it says before its body, and the body, capped in size and
time.
"""

import asyncio
import ipaddress
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson
from django.conf import settings
from django.utils.translation import gettext_noop

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Headers = Sequence[tuple[bytes, bytes]]

LARGEST = 1 << 20  # bytes of a body
LARGEST_TOLD = (1 << 31) - 1  # what the log's column holds of a size that was only claimed
MOST_HEADERS, LONGEST_HEADERS = 100, 16 << 10  # count, and bytes of all together
PATIENCE = 15.0  # seconds for a whole body to arrive
TEST = "swtest_"  # how the ids of our own test deliveries begin
MADE_UP = "test_"  # and how the objects that they tell of are called
LONGEST_PATH = 300  # characters that the log keeps
# Nobody needs them to check a delivery, and a stranger's credentials are not ours to keep.
HIDDEN = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})


class Gone(Exception):
    """The sender hung up before the delivery was complete: nobody is there to be answered."""


class Refused(Exception):
    """The delivery is not accepted."""

    def __init__(self, cause: str, status: int, detail: str, delivery_id: str = "") -> None:
        super().__init__(detail)
        self.cause, self.status, self.detail, self.delivery_id = cause, status, detail, delivery_id


@dataclass(slots=True)
class Delivery:
    """What one request said. Not frozen: the body comes later than the rest, and a copy would cost 4 µs."""

    method: str
    path: str  # percent-decoded, for finding the endpoint
    shown_path: str  # as it was sent, for the log
    headers: Headers
    peer: str
    at: float  # seconds since 1970
    body: bytes = b""
    size: int = 0  # of the body, as far as it was told or read

    @classmethod
    def of(cls, scope: Scope) -> "Delivery":
        """Return the delivery that a request begins."""
        headers = tuple(scope["headers"])
        raw = scope.get("raw_path") or scope["path"].encode()
        return cls(
            method=scope["method"],
            path=scope["path"],
            shown_path=raw.split(b"?", 1)[0][:LONGEST_PATH].decode("latin-1").replace("\0", "%00"),
            headers=headers,
            peer=peer((scope.get("client") or ("",))[0], _joined(headers, b"x-forwarded-for")),
            at=time.time(),
            size=_declared(headers),
        )

    @classmethod
    def whole(cls, url: str, headers: Headers, address: str, body: bytes) -> "Delivery":
        """Return the delivery of a POST that came in one piece, head and body (webhooks/protocol.py)."""
        forwarded = _joined(headers, b"x-forwarded-for") if _is_ours(address) else ""
        return cls(
            "POST", url, url[:LONGEST_PATH], headers, peer(address, forwarded), time.time(), body, len(body)
        )

    def header(self, name: bytes) -> bytes:
        """Return the first header of that name, or b""."""
        return next((value for key, value in self.headers if key == name), b"")

    def headers_json(self) -> str:
        """Return the headers as the log keeps them: JSON pairs in order of arrival, credentials masked."""
        shown = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in self.headers]
        if not HIDDEN.isdisjoint(dict(shown)):
            shown = [(name, _masked(value) if name in HIDDEN else value) for name, value in shown]
        return orjson.dumps(shown).decode()

    def check(self) -> None:
        """Raise Refused for headers or a declared size that no honest sender has."""
        if len(self.headers) > MOST_HEADERS or self._header_bytes() > LONGEST_HEADERS:
            detail = gettext_noop(
                "More than {most_headers} headers, or more than {longest_headers:,} bytes of them."
            ).format(most_headers=MOST_HEADERS, longest_headers=LONGEST_HEADERS)
            raise Refused("malformed_header", 400, detail)
        if self.size > LARGEST:
            raise Refused(
                "too_large",
                413,
                gettext_noop("The body has {size:,} bytes; {largest:,} are accepted.").format(
                    size=self.size, largest=LARGEST
                ),
            )

    def _header_bytes(self) -> int:
        return sum([len(name) + len(value) for name, value in self.headers])

    async def read(self, receive: Receive) -> None:
        """Take the body in. Raises Refused: too large, too slow; Gone: the sender left."""
        chunks: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise Gone
                    chunk = message.get("body", b"")
                    size += len(chunk)
                    if size > LARGEST:
                        raise Refused(
                            "too_large",
                            413,
                            gettext_noop("The body has more than {largest:,} bytes.").format(largest=LARGEST),
                        )
                    chunks.append(chunk)
                    if not message.get("more_body"):
                        self.body, self.size = b"".join(chunks), size
                        return
        except TimeoutError:
            detail = gettext_noop(
                "Only {size:,} bytes of the body had arrived after {patience:.0f} s."
            ).format(size=size, patience=PATIENCE)
            raise Refused("malformed_header", 400, detail) from None


def _masked(value: str) -> str:
    return f"•••• ({len(value)} characters)"


def peer(address: str, forwarded: str) -> str:
    """Return who really sent it: the address of the socket, or what our own proxies say stands behind them.

    Only the hops that `SWITCHBOARD_TRUSTED_PROXIES` names are believed, from the right (threats.md, I-82).
    """
    hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()][-20:]
    while hops and _is_ours(address):
        address = hops.pop()
    return address[:64]


@lru_cache(maxsize=1024)
def _is_ours(address: str) -> bool:
    try:
        return any(
            ipaddress.ip_address(address) in network for network in _proxies(tuple(settings.TRUSTED_PROXIES))
        )
    except ValueError:
        return False


@lru_cache(maxsize=4)
def _proxies(named: tuple[str, ...]) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(name, strict=False) for name in named)


def _joined(headers: Headers, name: bytes) -> str:
    return ",".join(value.decode("latin-1") for key, value in headers if key == name)


def _declared(headers: Headers) -> int:
    told = next((value for name, value in headers if name == b"content-length"), b"0")
    return min(int(told), LARGEST_TOLD) if told.isdigit() and len(told) < 16 else 0
