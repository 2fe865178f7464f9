"""Whoever is asked to come again is not alone in knowing: the log says why, for whom and what to do."""

import asyncio
from uuid import uuid4

import psycopg
import pytest
from django.db import connection

from tests.accounts import another_key
from tests.doors import Sender, body, post, run
from webhooks.arrivals import Arrival
from webhooks.inbox import Fate, Inbox
from webhooks.models import Event

LOOK = "see whether PostgreSQL runs, and its log."

pytestmark = pytest.mark.django_db(transaction=True)


def said(caplog) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.name.startswith("webhooks.")]


def test_a_locked_endpoint_lets_its_senders_come_again_and_says_once_what_to_do(settings, caplog):
    sender, told = Sender.of(), body()
    settings.CREDENTIAL_KEYS = another_key()

    async def scenario(door):
        return [(await post(door, sender.path, sender.headers(told), told)).status for _ in range(3)]

    assert run(scenario) == [503] * 3
    assert not Event.objects.exists()
    [line] = said(caplog)
    assert f"“Research” ({sender.path})" in line
    assert "put that key back. `manage.py keys doctor` says more." in line


def test_when_no_endpoint_can_be_looked_up_one_line_says_so(monkeypatch, caplog):
    path = f"/webhooks/{uuid4()}"
    monkeypatch.setitem(connection.settings_dict, "HOST", "/nowhere")

    async def scenario(door):
        return [(await post(door, path, [], body())).status for _ in range(3)]

    assert run(scenario) == [503] * 3
    [line] = said(caplog)
    assert path in line
    assert line.endswith(LOOK)


def test_what_cannot_be_written_is_said_once_though_every_sender_is_told(caplog):
    async def nobody(name: str) -> None:
        raise psycopg.OperationalError("nobody listens")

    fates: list[Fate] = []

    async def scenario() -> None:
        inbox = Inbox(connect=nobody)
        for number in range(3):
            one = (number, uuid4(), "wh_1", "", "", None, "", "/webhooks/x", "", "[]", None, "", b"", b"{}")
            inbox.put(Arrival(*one), fates.append)
            await asyncio.gather(*inbox._tasks)
        await inbox.close()

    asyncio.run(scenario())
    assert fates == [Fate.AWAY] * 3
    [line] = said(caplog)
    assert "/webhooks/x" in line
    assert line.endswith(f"nobody listens: {LOOK}")
