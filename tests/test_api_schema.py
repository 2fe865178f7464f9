"""The API against its own description: schemathesis sends what fits and what does not."""

from collections.abc import Iterator

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, settings

from api import tokens
from connections.models import Connection
from webhooks.models import Event

schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", WSGIHandler())


@pytest.fixture
def one_connection() -> Iterator[None]:
    """Keep the test's database connection: outside Django's test client each request would close it."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def text(db, admin, one_connection) -> str:
    connection = Connection.objects.create(name="Main", service="chatgpt-v1", practice=True)
    Event.objects.create(connection=connection, type="batch.completed", body=b"\xff")
    return tokens.make(admin, "fuzz", "admin", 7)[1]


@schema.parametrize()
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_as_described(case, text) -> None:
    case.call_and_validate(headers={"Authorization": f"Bearer {text}"})
