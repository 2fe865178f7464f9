"""What probes and Prometheus are told."""

import asyncio

import pytest
from django.db import connections

from config import health, metrics


def ask(application, *headers):
    """Return the status and the body that an ASGI application answers."""
    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.request", "body": b""}

    scope = {"type": "http", "method": "GET", "path": "/", "headers": list(headers)}
    asyncio.run(application(scope, receive, send))
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


@pytest.fixture
def token(settings):
    settings.METRICS_TOKEN = "let-me-see"
    return (b"authorization", b"Bearer let-me-see")


@pytest.fixture
def database_gone(monkeypatch):
    monkeypatch.setitem(connections["default"].settings_dict, "HOST", "/nowhere")


def test_a_living_process_says_so_without_a_database(database_gone):
    assert ask(health.alive)[0] == 200


def test_it_is_ready_while_the_database_answers(db):
    assert ask(health.ready)[0] == 200


def test_it_is_not_ready_without_the_database(db, database_gone):
    assert ask(health.ready) == (503, b'{"status": "the database does not answer"}')


def test_the_metrics_are_closed_until_a_token_is_set(settings):
    settings.METRICS_TOKEN = ""
    assert ask(metrics.metrics)[0] == 404


@pytest.mark.parametrize(
    "brought", [[], [(b"authorization", b"Bearer wrong")], [(b"authorization", b"\xff")]]
)
def test_the_metrics_are_closed_to_whoever_brings_no_token(token, brought):
    assert ask(metrics.metrics, *brought)[0] == 401


def test_the_metrics_tell_what_waits(token, transactional_db):
    status, body = ask(metrics.metrics, token)
    assert status == 200
    for name in (
        b"switchboard_database_up 1.0",
        b"switchboard_run_oldest_seconds 0.0",
        b"process_resident_memory_bytes",
    ):
        assert name in body


def test_the_door_is_counted_by_its_answers(token, transactional_db):
    metrics.count({401: 2})
    assert b'switchboard_deliveries_total{status="401"} 2.0' in ask(metrics.metrics, token)[1]
    metrics.count({})
