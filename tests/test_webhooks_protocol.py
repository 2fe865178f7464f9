"""The short cut from the parser to the door: it answers what ASGI would, and hands on what it cannot."""

import asyncio

import pytest
import uvicorn
from uvicorn.server import ServerState

from live.hub import hub
from tests.doors import Sender, body, run
from webhooks import protocol
from webhooks.models import Event, Rejection

pytestmark = pytest.mark.django_db(transaction=True)


def request(sender: Sender, said: bytes, *more: str, signed: bool = True, name: str = "") -> bytes:
    """Return the bytes of one POST."""
    told = [
        f"{key.decode()}: {value.decode()}" for key, value in sender.headers(said, signed=signed, name=name)
    ]
    lines = [f"POST {sender.path} HTTP/1.1", "Host: x", *told, f"Content-Length: {len(said)}", *more]
    return "\r\n".join([*lines, "", ""]).encode() + said


class Line:
    """One connection to a server with a door."""

    def __init__(self, reader, writer, served) -> None:
        self.reader, self.writer, self.served = reader, writer, served

    async def warm(self, sender: Sender) -> None:
        """Let the door know the endpoint; what it knew is forgotten once when the live line begins."""
        await self.answer(request(sender, body()))
        await hub().connected.wait()
        await self.answer(request(sender, body()))
        self.served.clear()

    async def answer(self, *pieces: bytes) -> tuple[int, bytes]:
        """Write the pieces, one read of the server each, and return status and head of the next answer."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
            if piece is not pieces[-1]:
                before = len(self.served)
                while len(self.served) == before:
                    await asyncio.sleep(0)
        head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 10)
        assert b"content-length: 0\r\n" in head
        return int(head.split(b" ")[1]), head


def over(scenario):
    """Run `scenario(line, protocols)` over a socket to a server of this process."""

    async def whole(door):
        served: list[int] = []
        protocols = []

        class Seen(protocol.beside(door)):
            def connection_made(self, transport):
                protocols.append(self)
                super().connection_made(transport)

            def data_received(self, data):
                super().data_received(data)
                served.append(len(data))

        config = uvicorn.Config(door, http=Seen, lifespan="off", log_config=None)
        config.load()
        state, loop = ServerState(), asyncio.get_running_loop()
        server = await loop.create_server(lambda: Seen(config, state, {}), "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        try:
            return await scenario(Line(reader, writer, served), protocols)
        finally:
            writer.close()
            server.close()

    return run(whole)


def test_a_delivery_in_one_piece_makes_no_task_once_its_endpoint_is_known():
    sender = Sender.of()

    async def scenario(line, protocols):
        await line.warm(sender)
        return (await line.answer(request(sender, body())))[0], type(protocols[0].cycle)

    assert over(scenario) == (200, protocol.Whole)
    assert Event.objects.count() == 3


def test_a_body_in_pieces_goes_the_long_way_and_arrives_whole():
    sender, said = Sender.of(), body()

    async def scenario(line, protocols):
        await line.warm(sender)
        whole = request(sender, said, name="wh_pieces")
        return (await line.answer(whole[:-20], whole[-20:-10], whole[-10:]))[0], type(protocols[0].cycle)

    status, cycle = over(scenario)
    assert status == 200
    assert cycle is not protocol.Whole
    assert Event.objects.get(delivery_id="wh_pieces").raw == said


def test_who_waits_to_be_asked_for_the_body_is_asked():
    sender, said = Sender.of(), body()
    head = request(sender, said, "Expect: 100-continue").removesuffix(said)

    async def scenario(line, protocols):
        await line.warm(sender)
        line.writer.write(head)
        asked = await asyncio.wait_for(line.reader.readuntil(b"\r\n\r\n"), 10)
        return asked.split(b" ")[1], (await line.answer(said))[0]

    assert over(scenario) == (b"100", 200)


def test_requests_in_one_piece_are_answered_in_their_order():
    sender = Sender.of()

    async def scenario(line, protocols):
        await line.warm(sender)
        first = await line.answer(request(sender, body()) + request(sender, body(), signed=False))
        return first[0], (await line.answer())[0], (await line.answer(request(sender, body())))[0]

    assert over(scenario) == (200, 401, 200)
    assert Event.objects.count() == 4


def test_who_asks_for_the_end_of_the_connection_gets_it():
    sender = Sender.of()

    async def scenario(line, protocols):
        await line.warm(sender)
        status, head = await line.answer(request(sender, body(), "Connection: close"))
        return status, b"connection: close" in head, await line.reader.read()

    assert over(scenario) == (200, True, b"")


def test_a_stopping_server_answers_what_waits_for_the_disk():
    sender = Sender.of()

    async def scenario(line, protocols):
        await line.warm(sender)
        line.writer.write(request(sender, body()))
        while not line.served:
            await asyncio.sleep(0)
        protocols[0].shutdown()
        return (await line.answer())[0], await line.reader.read()

    assert over(scenario) == (200, b"")


def test_a_refusal_is_told_and_a_longer_path_finds_its_place():
    sender = Sender.of()

    async def scenario(line, protocols):
        await line.warm(sender)
        statuses = [(await line.answer(request(sender, body(), signed=False)))[0] for _ in range(2)]
        strange = request(sender, body()).replace(b"/webhooks/", b"/webhooks/nowhere", 1)
        queried = request(sender, body()).replace(b" HTTP/1.1", b"?a=%20b HTTP/1.1", 1)
        return [*statuses, (await line.answer(strange))[0], (await line.answer(queried))[0]]

    assert over(scenario) == [401, 401, 404, 200]
    assert set(Rejection.objects.values_list("cause", flat=True)) == {"bad_signature", "unknown_endpoint"}
    assert set(Event.objects.values_list("path", flat=True)) == {sender.path}


def test_whoever_hangs_up_before_the_answer_is_stored_all_the_same():
    sender = Sender.of()

    async def scenario(line, protocols):
        await line.warm(sender)
        line.writer.write(request(sender, body(), name="wh_gone"))
        while not line.served:
            await asyncio.sleep(0)
        line.writer.close()
        await line.writer.wait_closed()

    over(scenario)
    assert Event.objects.filter(delivery_id="wh_gone").exists()


def test_a_connection_that_says_nothing_more_is_closed_and_one_that_does_stays():
    sender = Sender.of()

    async def scenario(line, protocols):
        await line.warm(sender)
        one = protocols[0]
        one.timeout_keep_alive = 3600
        one._look()  # the time is not over
        status, _ = await line.answer(request(sender, body()))
        one.timeout_keep_alive = 0
        one._look()
        return status, await line.reader.read()

    assert over(scenario) == (200, b"")
