"""The live stream: a raw ASGI application that sends server-sent events to signed-in pages.

    GET /live/?topic=log&lang=de&connection=<uuid>&after=<last id on the page>

`topic` picks what to hear, `lang` in which language its rows are; `after` (or the browser's Last-Event-ID)
says what the page has already; every other parameter is a filter on the frames' facts, repeatable for "any
of". Rooms bring their topics, and config/asgi.py hands them in:

    Stream({"run": operations.feed.topic, "log": webhooks.feed.topic})

No stream keeps a database connection: fifty of them would hold fifty (stack.md, "SSE trap").
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from functools import partial
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings

from live import sessions
from live.channel import Channel, reader
from live.hub import hub
from live.reader import Shared
from live.topics import Sight, Topic, Wanted
from live.viewers import Viewer

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PING = 15.0  # seconds of quiet after which a comment keeps proxies from closing the line
CHECK = 30.0  # seconds between looks at whether the person may still see this
ABORT = "switchboard.abort"  # the extension by which webhooks/protocol.py lets go of a connection
HELLO = b"retry: 1000\nevent: hello\ndata:\n\n"  # the page's dot turns green
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would hold back what it buffers
    (b"x-content-type-options", b"nosniff"),
]


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
        wanted: Wanted = {key: frozenset(values) for key, values in query.items()}
        viewer = Viewer(person, channel.topic, wanted, sight, last_id)
        self._open[person] += 1
        try:
            await self._serve(name, channel, viewer, scope, receive, send)
        finally:
            self._open[person] -= 1
            channel.leave(viewer)

    def _channel(self, name: str, language: str) -> Channel:
        known = language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        return self._channels.setdefault((name, known), Channel(self._topics[name], known))

    async def _serve(
        self, name: str, channel: Channel, viewer: Viewer, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Listen first and look back then, so that nothing falls between the page and the stream."""
        channel.join(viewer, name, hub())
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await send({"type": "http.response.body", "body": HELLO, "more_body": True})
        await channel.catch_up(viewer)
        work = [_write(viewer, send), self._watch(viewer, scope), _gone(receive)]
        tasks = [asyncio.ensure_future(job) for job in work]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if viewer.slow.is_set():
                _cut_off(scope)

    async def _watch(self, viewer: Viewer, scope: Scope) -> None:
        """End when the page is too slow or the right is gone; what it may see can change meanwhile."""
        key = sessions.session_key(scope["headers"])
        while not await _within(CHECK, viewer.slow):
            found = await reader.ask(partial(self._right, key, viewer.topic))
            if found is None or found[0] != viewer.person:
                return
            viewer.sight = found[1]

    def _right(self, key: str, topic: Topic) -> tuple[object, Sight] | None:
        """Return who asks and which connections they may see, or None for nobody."""
        person = sessions.person(key)
        if person is None or not self._admits(person):
            return None
        return person.pk, topic.sight(person)


def _cut_off(scope: Scope) -> None:
    """Close the line at once: a server that closes it in order would wait for ever until all was read."""
    server = scope.get("extensions", {}).get(ABORT)
    if server:
        server["abort"]()


async def _write(viewer: Viewer, send: Send) -> None:
    while True:
        body = await viewer.read(PING) or b": ping\n\n"
        await send({"type": "http.response.body", "body": body, "more_body": True})


async def _within(seconds: float, event: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


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
