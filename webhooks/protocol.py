"""HTTP for the door below ASGI: a delivery that comes in one piece is answered without a task of its own.

uvicorn makes a task, an event and four messages of every request. Here the parser's callbacks hand it to the
door, and the commit's callback writes the answer: 70 to 80 µs of the web process instead of 146, with 64 at
once. Whatever is not the usual case (a body in pieces, HTTP/1.0, a second request before the first is
answered, an endpoint that has to be looked up first) goes uvicorn's own way.
"""

import asyncio
import logging
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from live.stream import TRANSPORT
from webhooks.deliveries import Delivery
from webhooks.door import HEADERS, Door

log = logging.getLogger(__name__)

Lines = list[tuple[bytes, bytes]]


class Whole:
    """A delivery on its way through the door; to uvicorn it looks like a request that is being answered."""

    __slots__ = (
        "body",
        "disconnected",
        "keep_alive",
        "more_body",
        "protocol",
        "response_complete",
    )
    message_event = asyncio.Event()  # uvicorn sets it, and nobody waits for it

    def __init__(self, protocol: "DoorProtocol") -> None:
        self.protocol = protocol
        self.body = b""
        self.keep_alive = protocol.parser.should_keep_alive()
        self.more_body = True
        self.disconnected = self.response_complete = False

    def answer(self, status: int) -> None:
        """Write the answer; who has left gets none."""
        self.response_complete = True
        transport = self.protocol.transport
        if self.disconnected or transport.is_closing():
            return
        closes = not self.keep_alive or status == 413
        transport.write(self.protocol.response(status, closes=closes))
        if closes:
            transport.close()
        self.protocol.answered()


class DoorProtocol(HttpToolsProtocol):
    """uvicorn's protocol with a short cut to a door; `beside` gives it the door."""

    door: Door
    _heard = 0.0  # when something came last, on the loop's clock
    _rest: asyncio.TimerHandle | None = None
    _written: tuple[Lines, dict[tuple[int, bool], bytes]] = ([], {})

    def data_received(self, data: bytes) -> None:
        """Parse what came; a delivery that is still incomplete then goes uvicorn's way."""
        self._heard = self.loop.time()
        super().data_received(data)
        cycle: Any = self.cycle
        if type(cycle) is Whole and cycle.more_body and self.parser:
            self._hand_over(cycle)

    def on_message_begin(self) -> None:
        """Leave the making of a scope to those who need one."""
        self.url = b""
        self.headers = []
        self.expect_100_continue = False

    def on_headers_complete(self) -> None:
        """Take the short cut where it can be taken."""
        if self.url.startswith(b"/webhooks/") and self._is_usual():
            self.cycle = Whole(self)  # type: ignore[assignment]
        else:
            self._begin()

    def on_body(self, body: bytes) -> None:
        """Collect the body."""
        cycle: Any = self.cycle
        if type(cycle) is Whole and cycle.more_body:
            cycle.body += body
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Hand a whole delivery to the door."""
        cycle: Any = self.cycle
        if type(cycle) is not Whole or not cycle.more_body:
            super().on_message_complete()
        elif not self._take(cycle):
            self._hand_over(cycle)
            super().on_message_complete()

    def answered(self) -> None:
        """Go on after an answer. uvicorn makes a timer for each; here one a connection is enough."""
        if self.pipeline:
            self.on_response_complete()
            return
        self.server_state.total_requests += 1
        if self._rest is None:
            self._rest = self.loop.call_later(self.timeout_keep_alive, self._look)

    def _look(self) -> None:
        """Close the connection when nothing came for the time of keep-alive, or look again later."""
        self._rest = None
        left = self._heard + self.timeout_keep_alive - self.loop.time()
        waits = self.cycle is not None and not self.cycle.response_complete
        if self.timeout_keep_alive_task is not None or self.transport.is_closing():
            return  # uvicorn's own timer runs, or nobody is there
        if left <= 0 and not waits:
            self.transport.close()
        else:
            self._rest = self.loop.call_later(left if left > 0 else self.timeout_keep_alive, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of the timer."""
        if self._rest is not None:
            self._rest.cancel()
        super().connection_lost(exc)

    def response(self, status: int, *, closes: bool) -> bytes:
        """Return the bytes of an answer; they change once a second, with uvicorn's Date."""
        lines = self.server_state.default_headers
        if self._written[0] is not lines:
            DoorProtocol._written = (lines, {})
        known = self._written[1]
        if (status, closes) not in known:
            known[status, closes] = _response(status, [*lines, *HEADERS[status]], closes=closes)
        return known[status, closes]

    def _is_usual(self) -> bool:
        parser, cycle = self.parser, self.cycle
        return (
            parser.get_method() == b"POST"
            and (cycle is None or cycle.response_complete)
            and parser.get_http_version() == "1.1"
            and not (self.expect_100_continue or parser.should_upgrade())
        )

    def _take(self, cycle: Whole) -> bool:
        cycle.more_body = False
        address = self.client[0] if self.client else ""
        delivery = Delivery.whole(self.url.decode("latin-1"), self.headers, address, cycle.body)
        try:
            return self.door.take_whole(delivery, cycle.answer)
        except Exception:  # as uvicorn does: the sender must get an answer, and the others go on
            log.exception("A delivery could not be taken.")
            cycle.answer(500)
            return True

    def _hand_over(self, cycle: Whole) -> None:
        """Let uvicorn go on with what was read so far."""
        self.cycle = None  # type: ignore[assignment]
        self._begin()
        if cycle.body:
            super().on_body(cycle.body)

    def _begin(self) -> None:
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.scope["extensions"] = {TRANSPORT: {"transport": self.transport}}
        self.url, self.expect_100_continue = url, expects
        self.headers.extend(headers)
        super().on_headers_complete()


def beside(door: Door) -> type[DoorProtocol]:
    """Return the protocol of a server that has this door."""
    return type("DoorProtocol", (DoorProtocol,), {"door": door})


def _response(status: int, lines: Lines, *, closes: bool) -> bytes:
    shut = [(b"connection", b"close")] if closes and (b"connection", b"close") not in lines else []
    told = b"".join(b"%b: %b\r\n" % line for line in [*lines, *shut])
    return STATUS_LINE[status] + told + b"\r\n"
