"""Practice answers back: what is run there comes in again as a signed webhook."""

import asyncio
import time

import httpx
import pytest

from config import practice
from connections import connecting
from connections.models import Connection
from definitions import catalog, simulator
from tests.accounts import SERVICE, another_key, connected, new_signing_secret
from webhooks.models import Event

BATCH = {"input_file_id": "file-1", "endpoint": "/v1/responses", "completion_window": "24h"}


def known() -> dict[str, str]:
    return practice.endpoints(SERVICE)


@pytest.mark.django_db
def test_only_practice_connections_are_told_to_the_simulator():
    connected(webhook_secret=new_signing_secret())
    connection = connecting.practise(catalog.service(SERVICE))
    assert known() == {connection.endpoint_url: connection.signing_rows[0].reveal(connection)}


@pytest.mark.django_db
def test_a_rotated_secret_signs_from_then_on():
    connection, secret = connecting.practise(catalog.service(SERVICE)), new_signing_secret()
    connecting.set_signing_secret(connection, secret)
    assert known() == {connection.endpoint_url: secret}


@pytest.mark.django_db
def test_a_disabled_or_locked_one_gets_no_webhooks(settings):
    connection = connecting.practise(catalog.service(SERVICE))
    settings.CREDENTIAL_KEYS, before = another_key(), settings.CREDENTIAL_KEYS
    assert known() == {}
    settings.CREDENTIAL_KEYS = before
    connecting.switch(connection, "disabled")
    assert known() == {}


def test_the_simulator_posts_to_whom_it_asks_for():
    posted: list[httpx.Request] = []

    async def endpoints(service: str) -> dict[str, str]:
        return {"http://127.0.0.1/webhooks/here": new_signing_secret()} if service == SERVICE else {}

    async def drive() -> None:
        transport = httpx.MockTransport(lambda request: posted.append(request) or httpx.Response(200))
        async with httpx.AsyncClient(transport=transport) as client:
            app = simulator.application((SERVICE,), client=client, delay=0, known=endpoints)
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url="http://practice"
            ) as asking:
                answer = await asking.post("/batches", json=BATCH, headers={"authorization": "Bearer sk-x"})
                assert answer.status_code == 200
            await asyncio.gather(*app.tasks)

    asyncio.run(drive())
    [delivery] = posted
    assert str(delivery.url) == "http://127.0.0.1/webhooks/here"
    assert b'"type":"batch.completed"' in delivery.content


@pytest.mark.django_db(transaction=True)
def test_a_call_at_practice_comes_back_as_an_event_in_the_log(live_site, simulator):
    connection = connecting.practise(catalog.service(SERVICE))
    secrets = connection.credentials()
    answer = httpx.post(
        f"{simulator}/{SERVICE}/batches", json=BATCH, headers={"authorization": f"Bearer {secrets['apiKey']}"}
    )
    assert answer.status_code == 200
    until = time.monotonic() + 10
    while not Event.objects.exists() and time.monotonic() < until:
        time.sleep(0.05)
    event = Event.objects.get()
    assert (event.connection_id, event.type) == (connection.pk, "batch.completed")
    assert Connection.objects.get().last_used_at is not None
