"""The live stream: a raw ASGI application that sends server-sent events to signed-in pages.

    GET /live/?topic=log&lang=de&connection=<uuid>&after=<last id on the page>

`topic` picks what to hear, `lang` in which language its rows are; `after` (or the browser's Last-Event-ID)
says what the page has already; every other parameter is a filter on the frames' facts, repeatable for "any
of". Rooms bring their topics, and config/asgi.py hands them in:

    Stream({"run": operations.feed.topic, "log": webhooks.feed.topic})

No stream keeps a database connection: fifty of them would hold fifty (stack.md, "SSE trap"). Nor has it
timers, or tasks besides the one that the server made for it.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, MutableMapping
from functools import partial
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings

from live import sessions
from live.channel import Channel, reader
from live.hub import hub
from live.reader import Shared
from live.topics import Sight, Topic
from live.viewers import Line, PlainLine, Receive, Send, View, Viewer, chunk

Scope = MutableMapping[str, Any]

CHECK = 30.0  # seconds between looks at whether people may still see what they see, and between pings
TRANSPORT = "switchboard.transport"  # the extension by which webhooks/protocol.py hands out its transport
HELLO = chunk(b"retry: 1000\nevent: hello\ndata:\n\n")  # the page's dot turns green
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would hold back what it buffers
    (b"x-content-type-options", b"nosniff"),
]

log = logging.getLogger(__name__)


class Stream:
    """The application; one a process, with the topics that it serves."""

    def __init__(
        self, topics: Mapping[str, Topic], admits: Callable[[Any], bool] = lambda person: True
    ) -> None:
        """`admits(person)` is asked with every look at who listens: it knows what else the house demands."""
        self._topics, self._admits = topics, admits
        self._channels: dict[tuple[str, str], Channel] = {}  # by topic and language, once somebody wants it
        self._open: Counter[object] = Counter()  # streams by person
        self._rights = Shared(reader)
        self._keeper: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one page until it leaves, loses its right, or reads too slowly."""
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"), max_num_fields=50)
        name = query.pop("topic", [""])[-1]
        last_id = _last_id(scope, query)
        if scope["method"] != "GET" or name not in self._topics:
            return await _refuse(send, 404)
        channel = self._channel(name, query.pop("lang", [""])[-1])
        key = sessions.session_key(scope["headers"])
        found = await self._rights.ask((key, name), partial(self._right, key, channel.topic))
        if found is None:
            return await _refuse(send, 403)
        person, sight = found
        if (
            self._open.total() >= settings.LIVE_STREAMS
            or self._open[person] >= settings.LIVE_STREAMS_A_PERSON
        ):
            return await _refuse(send, 429)
        view = View(frozenset((name, frozenset(values)) for name, values in query.items()), sight)
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        line, receive = _line(scope, receive, send)
        viewer = Viewer(key, person, view, last_id, line)
        self._open[person] += 1
        try:
            await self._serve(name, channel, viewer, receive)
        finally:
            self._open[person] -= 1
            channel.leave(viewer)
            line.abort()

    def _channel(self, name: str, language: str) -> Channel:
        known = language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        return self._channels.setdefault((name, known), Channel(self._topics[name], known))

    async def _serve(self, name: str, channel: Channel, viewer: Viewer, receive: Receive) -> None:
        """Listen first and look back then, so that nothing falls between the page and the stream."""
        viewer.offer("", HELLO)
        channel.join(viewer, name, hub())
        if self._keeper is None or self._keeper.done():
            self._keeper = asyncio.get_running_loop().create_task(self._keep(), name="live keeper")
        await channel.catch_up((viewer,))
        while (await receive())["type"] != "http.disconnect":
            pass

    async def _keep(self) -> None:
        """Every half minute: what people may see changes while they look, and no line must be silent."""
        while self._open.total():
            await asyncio.sleep(CHECK)
            for channel in tuple(self._channels.values()):
                await channel.ping()
                for key, viewers in channel.sessions().items():
                    try:
                        await self._look(channel, key, viewers)
                    except Exception:  # whom nobody can be asked about sees nothing; the page comes back
                        log.exception("The right to a live page could not be looked at.")
                        for viewer in viewers:
                            viewer.line.abort()

    async def _look(self, channel: Channel, key: str, viewers: list[Viewer]) -> None:
        """Ask once for all pages of a session, and show them what they may see from now on."""
        found = await reader.ask(partial(self._right, key, channel.topic))
        changed = []
        for viewer in viewers:
            if found is None or found[0] != viewer.person:
                viewer.line.abort()
            elif found[1] != viewer.view.sight:
                viewer.view = viewer.view._replace(sight=found[1])
                changed.append(viewer)
        await channel.catch_up(changed)

    def _right(self, key: str, topic: Topic) -> tuple[object, Sight] | None:
        """Return who asks and which connections they may see, or None for nobody."""
        person = sessions.person(key)
        if person is None or not self._admits(person):
            return None
        return person.pk, topic.sight(person)


def _line(scope: Scope, receive: Receive, send: Send) -> tuple[Line, Receive]:
    """Return the server's own transport where it hands it out, and how to hear of the page's end."""
    offered = scope.get("extensions", {}).get(TRANSPORT)
    if offered:
        return offered["transport"], receive
    plain = PlainLine(receive, send)
    return plain, plain.receive


def _last_id(scope: Scope, query: dict[str, list[str]]) -> str:
    """The browser's own word when it comes back, else what the page said when it was drawn."""
    after = query.pop("after", [""])[-1]
    told = [value.decode("latin-1") for name, value in scope["headers"] if name == b"last-event-id"]
    return told[-1] if told else after


async def _refuse(send: Send, status: int) -> None:
    headers = [(b"content-length", b"0"), (b"cache-control", b"no-store")]
    headers += [(b"retry-after", b"5")] if status == 429 else []
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
