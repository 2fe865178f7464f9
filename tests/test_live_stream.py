"""The live line: news reaches every open page once, and only those who may see it."""

import asyncio
import time
from contextlib import asynccontextmanager
from functools import partial

import pytest
import uvicorn
from asgiref.sync import sync_to_async
from django.conf import settings as project
from django.db import connections
from uvicorn.server import ServerState

from live import channel, hub, stream, viewers
from live.reader import Reader, Shared
from live.stream import Stream
from live.topics import Frame, Topic, agrees, visible
from people import sitting
from tests.accounts import connected
from tests.test_webhooks_pages import rejected
from tests.test_webhooks_processing import arrived
from webhooks import feed, protocol

pytestmark = pytest.mark.django_db(transaction=True)


def rendered(keys, among=None):
    return [
        Frame(
            f"<b>{key}</b>", "row", key, {"kind": "even" if int(key) % 2 == 0 else "odd", "connection": "c1"}
        )
        for key in keys
    ]


TOPIC = Topic(render=rendered, since=lambda last, wanted: rendered([str(int(last) + 1)]) if last else [])


class Page:
    """A browser's stream, in this process."""

    def __init__(self, app: Stream, client, query: str, headers=()) -> None:
        cookie = (
            f"{project.SESSION_COOKIE_NAME}={client.cookies[project.SESSION_COOKIE_NAME].value}"
            if client
            else ""
        )
        self.scope = {"type": "http", "method": "GET", "path": "/live/", "query_string": query.encode()}
        self.scope["headers"] = [(b"cookie", cookie.encode()), *headers]
        self.app, self.status, self.text = app, 0, ""
        self.left, self.heard = asyncio.Event(), asyncio.Event()
        self.stuck = False

    async def run(self) -> None:
        async def receive():
            await self.left.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            self.status = message.get("status", self.status)
            self.text += message.get("body", b"").decode()
            self.heard.set()
            if self.stuck:
                await asyncio.Event().wait()

        await self.app(self.scope, receive, send)

    async def until(self, text: str) -> None:
        async with asyncio.timeout(10):
            while text not in self.text:
                self.heard.clear()
                await self.heard.wait()


@asynccontextmanager
async def opened(app, client, query="topic=numbers", headers=()):
    page = Page(app, client, query, headers)
    task = asyncio.create_task(page.run())
    try:
        if client:
            await page.until("event: hello")
            await hub.hub().connected.wait()
        yield page
    finally:
        page.left.set()
        await task


def publish(*keys) -> None:
    for key in keys:
        hub.publish("numbers", key)
    connections.close_all()


tell = sync_to_async(publish, thread_sensitive=False)


def run(scenario) -> None:
    async def whole():
        try:
            await scenario(Stream({"numbers": TOPIC}))
        finally:
            await hub.hub().close()
            await channel.reader.ask(connections.close_all)

    asyncio.run(whole())


def test_news_reaches_every_page_that_shows_it_with_its_id(viewer_client):
    async def scenario(app):
        async with (
            opened(app, viewer_client) as all_pages,
            opened(app, viewer_client, "topic=numbers&kind=odd") as odd,
        ):
            await tell("1", "2", "3")
            await all_pages.until("<b>3</b>")
            await odd.until("<b>3</b>")
            assert "id: 3\nevent: row\ndata: <b>3</b>\n\n" in all_pages.text
            assert "<b>2</b>" in all_pages.text
            assert "<b>2</b>" not in odd.text

    run(scenario)


def test_a_page_that_comes_back_gets_what_it_missed(viewer_client):
    async def scenario(app):
        async with opened(app, viewer_client, "topic=numbers&after=6") as page:
            await page.until("<b>7</b>")
        async with opened(app, viewer_client, "topic=numbers&after=6", [(b"last-event-id", b"8")]) as page:
            await page.until("<b>9</b>")

    run(scenario)


def test_after_a_lost_connection_every_page_catches_up(viewer_client):
    async def scenario(app):
        async with opened(app, viewer_client) as page:
            await tell("4")
            await page.until("<b>4</b>")
            await asyncio.to_thread(_end_listeners)
            await page.until("<b>5</b>")  # what `since` gives after the last frame
            await hub.hub().connected.wait()
            await tell("10")
            await page.until("<b>10</b>")

    run(scenario)


def _end_listeners() -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = %s AND datname = current_database() AND usename = current_user",
            ["switchboard live"],
        )
    connections.close_all()


def test_strangers_and_unknown_topics_are_refused(viewer_client):
    async def scenario(app):
        for client, query, status in ((None, "topic=numbers", 403), (viewer_client, "topic=secrets", 404)):
            page = Page(app, client, query)
            await page.run()
            assert (page.status, page.text) == (status, "")

    run(scenario)


def test_the_fourth_page_of_one_person_is_asked_to_wait(viewer_client, settings):
    settings.LIVE_STREAMS_A_PERSON = 1

    async def scenario(app):
        async with opened(app, viewer_client):
            second = Page(app, viewer_client, "topic=numbers")
            await second.run()
            assert second.status == 429
        async with opened(app, viewer_client) as third:
            assert third.status == 200

    run(scenario)


def test_a_right_that_ends_ends_the_stream(viewer_client, viewer, monkeypatch):
    monkeypatch.setattr(stream, "CHECK", 0.05)

    async def scenario(app):
        page = Page(app, viewer_client, "topic=numbers")
        task = asyncio.create_task(page.run())
        await page.until("event: hello")
        await asyncio.to_thread(_switch_off, viewer)
        async with asyncio.timeout(10):
            await task

    run(scenario)


def test_a_right_that_grows_shows_what_came_before(viewer_client, monkeypatch):
    monkeypatch.setattr(stream, "CHECK", 0.05)
    seen = {"c2"}
    topic = Topic(rendered, TOPIC.since, sight=lambda person: frozenset(seen))

    async def scenario(_):
        async with opened(Stream({"numbers": topic}), viewer_client, "topic=numbers&after=6") as page:
            assert "<b>" not in page.text
            seen.add("c1")
            await page.until("<b>7</b>")

    run(scenario)


def test_whom_nobody_can_be_asked_about_sees_nothing(viewer_client, monkeypatch):
    monkeypatch.setattr(stream, "CHECK", 0.05)

    async def scenario(_):
        page = Page(Stream({"numbers": TOPIC}, lambda person: answers.pop()), viewer_client, "topic=numbers")
        async with asyncio.timeout(10):
            await page.run()
        assert "event: hello" in page.text

    answers = [True]  # once; then asking fails
    run(scenario)


@pytest.mark.parametrize("note", ["seen", "began"])
def test_a_session_that_nobody_uses_or_that_is_too_old_ends_the_stream(viewer_client, monkeypatch, note):
    monkeypatch.setattr(stream, "CHECK", 0.05)

    async def scenario(app):
        page = Page(app, viewer_client, "topic=numbers")
        task = asyncio.create_task(page.run())
        await page.until("event: hello")
        await asyncio.to_thread(_long_ago, viewer_client, note)
        async with asyncio.timeout(10):
            await task
        late = Page(app, viewer_client, "topic=numbers")
        await late.run()
        assert late.status == 403

    run(scenario)


def _long_ago(client, note) -> None:
    session = client.session
    session[note] = time.time() - project.SESSION_COOKIE_AGE - 60
    session.save()
    connections.close_all()


def test_an_open_stream_is_no_sign_that_somebody_is_there(viewer_client):
    session = viewer_client.session
    session["seen"] = seen = time.time() - 600
    session.save()

    async def scenario(app):
        async with opened(app, viewer_client) as page:
            await tell("1")
            await page.until("<b>1</b>")

    run(scenario)
    assert viewer_client.session["seen"] == seen


def test_who_lacks_the_second_factor_of_the_role_hears_nothing(operator_client, settings):
    settings.REQUIRE_SECOND_FACTOR = True

    async def scenario(_):
        page = Page(Stream({"numbers": TOPIC}, sitting.admits), operator_client, "topic=numbers")
        await page.run()
        assert (page.status, page.text) == (403, "")

    run(scenario)


def _switch_off(person) -> None:
    type(person).objects.filter(pk=person.pk).update(is_active=False)
    connections.close_all()


def test_a_page_that_does_not_read_is_cut_off(viewer_client, monkeypatch):
    monkeypatch.setattr(viewers, "BACKLOG", 50)

    async def scenario(app):
        page = Page(app, viewer_client, "topic=numbers")
        task = asyncio.create_task(page.run())
        await page.until("event: hello")
        await hub.hub().connected.wait()
        page.stuck = True
        async with asyncio.timeout(10):
            while not task.done():
                await tell("1", "2", "3", "4")
                await asyncio.sleep(0)

    run(scenario)


def over_a_socket(client, scenario) -> None:
    """Run `scenario(reader, writer, transports)` with a page that the web process's own protocol serves."""

    async def whole(app):
        transports = []

        class Seen(protocol.DoorProtocol):
            def connection_made(self, transport):
                transports.append(transport)
                super().connection_made(transport)

        config = uvicorn.Config(app, http=Seen, lifespan="off", log_config=None)
        config.load()
        state, loop = ServerState(), asyncio.get_running_loop()
        server = await loop.create_server(lambda: Seen(config, state, {}), "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        cookie = f"{project.SESSION_COOKIE_NAME}={client.cookies[project.SESSION_COOKIE_NAME].value}"
        writer.write(f"GET /live/?topic=numbers HTTP/1.1\r\nhost: x\r\ncookie: {cookie}\r\n\r\n".encode())
        assert b"transfer-encoding: chunked\r\n" in await reader.readuntil(b"\r\n\r\n")
        assert b"event: hello" in await chunk(reader)
        await hub.hub().connected.wait()
        async with asyncio.timeout(10):
            await scenario(reader, writer, transports)
        writer.close()
        server.close()

    run(whole)


async def until_the_end(reader) -> None:
    while await reader.read(1 << 20):
        pass


async def chunk(reader) -> bytes:
    """Read one chunk; its length must be its length."""
    said = await reader.readexactly(int(await reader.readuntil(b"\r\n"), 16) + 2)
    assert said.endswith(b"\r\n")
    return said[:-2]


def test_news_goes_straight_to_the_servers_transport_in_whole_chunks(viewer_client):
    async def scenario(reader, writer, transports):
        for key in "1", "2":
            await tell(key)
            assert f"<b>{key}</b>" in (await chunk(reader)).decode()

    over_a_socket(viewer_client, scenario)


def test_a_connection_that_nobody_reads_is_broken_off_with_what_waits_for_it(viewer_client, monkeypatch):
    monkeypatch.setattr(viewers, "BACKLOG", 50)

    async def scenario(reader, writer, transports):
        transports[0].write(b" " * 20_000_000)  # more than the system's own buffers hold
        writer.transport.pause_reading()
        while not transports[0].is_closing():
            await tell("1", "2", "3", "4")
            await asyncio.sleep(0)
        writer.transport.resume_reading()
        with pytest.raises(ConnectionResetError):
            await until_the_end(reader)

    over_a_socket(viewer_client, scenario)


def test_nothing_is_asked_for_or_drawn_that_nobody_sees(viewer_client):
    asked, drawn = [], []

    def render(keys, among):
        asked.append(among)
        return [
            Frame(partial(draw, key), "row", key, {"connection": connection})
            for key in keys
            for connection in ("c1", "c2")
        ]

    def draw(key):
        drawn.append(key)
        return f"<b>{key}</b>"

    async def scenario(_):
        app = Stream({"numbers": Topic(render, sight=lambda person: frozenset({"c1", "c3"}))})
        async with (
            opened(app, viewer_client, "topic=numbers&connection=c1&connection=c2") as one,
            opened(app, viewer_client, "topic=numbers&connection=c1") as other,
        ):
            await tell("1")
            await one.until("<b>1</b>")
            await other.until("<b>1</b>")
        async with opened(app, viewer_client) as every:
            await tell("2")
            await every.until("<b>2</b>")

    run(scenario)
    assert asked == [{"c1"}, {"c1", "c3", ""}]
    assert drawn == ["1", "2"]


def test_the_log_reads_rows_of_those_connections_only_that_somebody_looks_at():
    one, other = arrived(connected()), arrived(connected("Other"))
    nobodys = rejected()
    keys = [f"evt {one.pk} {other.pk}", f"rej {nobodys.pk} {nobodys.pk}"]

    def read(*among):
        return [frame.facts["connection"] for frame in feed.render(keys, frozenset(among))]

    assert len(feed.render(keys)) == 3
    assert read(str(one.connection_id), "nonsense") == [str(one.connection_id)]
    assert read(str(other.connection_id), "") == [str(other.connection_id), ""]
    assert read() == []


def test_what_is_rolled_back_is_never_told(viewer_client):
    from django.db import transaction

    def undone():
        with transaction.atomic():
            hub.publish("numbers", "66")
            transaction.set_rollback(True)
        publish("7")

    async def scenario(app):
        async with opened(app, viewer_client) as page:
            await asyncio.to_thread(undone)
            await page.until("<b>7</b>")
            assert "66" not in page.text

    run(scenario)


def test_frames_are_written_line_by_line_and_filters_mean_any_of():
    frame = Frame("a\nb", facts={"mark": frozenset({"late", "test"}), "state": "failed", "connection": "c1"})
    assert frame.encode() == b"event: message\ndata: a\ndata: b\n\n"
    assert Frame("").encode() == b"event: message\ndata: \n\n"
    assert agrees(frame, {"mark": frozenset({"test"}), "state": frozenset({"failed", "received"})})
    assert not agrees(frame, {"type": frozenset({"x"})})
    assert visible(frame, None)
    assert visible(frame, frozenset({"c1"}))
    assert not visible(frame, frozenset())
    assert visible(Frame(""), frozenset())


def test_who_asks_before_an_answer_is_being_looked_for_shares_it():
    async def scenario():
        asked: list[int] = []

        def work():
            asked.append(len(asked) + 1)
            return len(asked)

        one = Reader("test")
        shared = Shared(one)
        first = asyncio.ensure_future(shared.ask("key", work))
        others = [asyncio.ensure_future(shared.ask("key", work)) for _ in range(3)]
        told = [await first, *[await other for other in others], await shared.ask("key", work)]
        await one.close()
        return told

    assert asyncio.run(scenario()) == [1, 1, 1, 1, 2]
