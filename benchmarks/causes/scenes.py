"""Marks that somebody has to do something for: on the running copy, over HTTP, signed in."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

import httpx
from django.conf import settings
from django.test import Client
from django.urls import reverse

from benchmarks.causes.letters import Desk, Letter, envelope
from benchmarks.causes.looking import PATIENCE, rows_at, text
from benchmarks.deliveries import Sender
from connections import connecting, signing
from connections.models import Connection
from operations import runs
from people.models import Person, Role
from webhooks import sends


class Visitor:
    """Somebody signed in at the copy, over one kept connection."""

    def __init__(self, url: str, role: Role) -> None:
        person = Person.objects.create(username=f"causes-{role}", password="!", role=role)
        signed_in = Client()
        signed_in.force_login(person)
        session = signed_in.cookies[settings.SESSION_COOKIE_NAME].value
        self.token = os.urandom(16).hex()
        cookies = {settings.SESSION_COOKIE_NAME: session, settings.CSRF_COOKIE_NAME: self.token}
        self.http = httpx.Client(base_url=url, cookies=cookies, trust_env=False, timeout=60)

    def get(self, address: str) -> bytes:
        """Return a page. Raises httpx.HTTPStatusError unless it is answered 200."""
        return self.http.get(address).raise_for_status().content

    def do(self, address: str, **values: object) -> str:
        """Press a button and return the address that it leads to."""
        answer = self.http.post(address, data=values, headers={"x-csrftoken": self.token})
        assert answer.status_code == HTTPStatus.FOUND, f"{address} answered {answer.status_code}"
        return answer.headers["location"]


@dataclass(slots=True)
class Stage:
    """The running copy with those who act on it."""

    post: Callable[[Letter], int]
    viewer: Visitor
    admin: Visitor
    practice: Connection
    sender: Sender  # whose letters are good

    def log(self, connection: Connection, **filters: str) -> str:
        """Return the address of a connection's log."""
        return f"/log/?{httpx.QueryParams({'connection': str(connection.pk), **filters})}"

    def words(self, address: str, *expected: str) -> str:
        """Return what the lines of the log at this address say, once they say this. Raises AssertionError."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            said = " | ".join(row for _, row in rows_at(address, self.viewer.get))
            if all(word in said for word in expected):
                return said
            time.sleep(0.2)
        raise AssertionError(f"the log does not say {expected}; it says: {said[:300]}")

    def first(self, address: str) -> str:
        """Return the id of the newest line at this address."""
        return rows_at(address, self.viewer.get)[0][0]


def desk_of(sender: Sender) -> Desk:
    """Return where letters to this sender's endpoint are written."""
    return Desk(f"/webhooks/{sender.connection.endpoint}", sender.key)


def tests(stage: Stage) -> str:
    """Every kind of test send, pressed on the connection's page: all are marked."""
    address = reverse("webhooks:test_send", args=[stage.practice.pk])
    for kind in sends.KINDS:
        stage.admin.do(address, kind=kind)
    marked = stage.log(stage.practice, mark="test")
    stage.words(marked, "Duplicate 1×", "Unknown type", "Bad signature", "Too old", "Header missing")
    assert len(rows_at(marked, stage.viewer.get)) == len(sends.KINDS), "not every kind has its line"
    assert not rows_at(stage.log(stage.practice, tests="hide"), stage.viewer.get), "tests are not hidden"
    return f"{len(sends.KINDS)} kinds of test sends, all marked, all hidden by the filter"


def hydrated(stage: Stage) -> str:
    """The practice service's signed test names an object that exists, so it is completed."""
    address = stage.log(stage.practice, mark="hydrated")
    stage.words(address, "Hydrated")
    page = text(stage.viewer.get(f"/log/{stage.first(address)}/"))
    assert "the object that was fetched" in page, page[:300]
    assert "missing" not in page.partition("Looked for in")[2], "a declared field was not found"
    return "completed by batches.read; every declared field found"


def late_verified(stage: Stage) -> str:
    """Refused for the wrong secret; the right one is entered; all of the same cause become events, once."""
    other = Sender.of("Corrected")
    connection, secret = other.connection, signing.generate()
    key = signing.key(connection.definition.webhooks, secret)
    desk = desk_of(other)
    letters = [desk.signed(key=key) for _ in range(3)]
    assert [stage.post(letter) for letter in letters] == [401] * 3
    refused = stage.log(connection, kind="refused")
    stage.words(refused, "Bad signature")
    connecting.set_signing_secret(connection, secret)
    verify = f"/log/{stage.first(refused)}/verify/"
    for _ in range(2):  # twice gives the same events
        stage.admin.do(verify, all="1")
    events = stage.log(connection, kind="events")
    said = stage.words(events, "Late verified")
    assert said.count("Late verified") == len(letters), said
    raw = {stage.viewer.get(f"/log/{code}/raw/") for code, _ in rows_at(events, stage.viewer.get)}
    assert raw == {letter.body for letter in letters}, "a body is not what was sent"
    return "3 refused, the secret corrected, “all of the same cause” pressed twice: 3 events"


def redacted(stage: Stage) -> str:
    """The payload goes, a tombstone stays."""
    letter = desk_of(stage.sender).signed(envelope(secret="pearl"))
    assert stage.post(letter) == HTTPStatus.OK
    address = stage.log(stage.sender.connection)
    stage.words(address, "batch.completed")
    code = stage.first(address)
    stage.admin.do(f"/log/{code}/redact/", reason="asked for")
    stage.words(stage.log(stage.sender.connection, mark="redacted"), "Redacted")
    pages = [stage.viewer.get(f"/log/{code}/?tab={tab}") for tab in ("fields", "payload", "raw", "timeline")]
    assert not any(b"pearl" in page for page in pages), "the payload is still there"
    return "payload gone from every tab, the line stays"


def raised(stage: Stage) -> str:
    """One of our own runs shows that something happened for which there is no webhook."""
    runs.start(stage.practice, "embeddings.create", {"model": "text-embedding-3-small", "input": "a"})
    stage.words(stage.log(stage.practice, mark="raised"), "embedding.created", "Raised here")
    return "embedding.created out of a run's answer"


def recovered(stage: Stage) -> str:
    """Finished batches of which no event came here: the endpoint was switched off when they came."""
    connecting.switch(stage.practice, "disabled")
    runs.start(stage.practice, "batches.create", {"input_file_id": "file-1", "endpoint": "/v1/responses",
                                                  "completion_window": "24h"})  # fmt: skip
    time.sleep(3)  # the practice service finds nobody to deliver to
    connecting.switch(stage.practice, "enabled")
    address = reverse("webhooks:recover", args=[stage.practice.pk])
    compared = stage.admin.do(address)
    deadline = time.monotonic() + PATIENCE
    while b"being asked" in (page := stage.viewer.get(compared)) and time.monotonic() < deadline:
        time.sleep(0.3)
    assert "missing" in text(page), text(page)[-400:]
    stage.admin.do(address, run=parse_qs(urlsplit(compared).query)["run"])
    stage.words(stage.log(stage.practice, mark="recovered"), "Recovered", "batch.completed")
    return "found in batches.list, written, marked"


SCENES: dict[str, Callable[[Stage], str]] = {
    "test": tests,
    "hydrated": hydrated,
    "late_verified": late_verified,
    "redacted": redacted,
    "raised": raised,
    "recovered": recovered,
}
