"""Who may open what: every address of the product, with every role, against the table in docs/access.md."""

import json
import re
import uuid
from collections.abc import Iterator, Mapping
from types import MappingProxyType

import pytest
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse

from audit import ids
from definitions import catalog

LINE = re.compile(r"^\| (?!page)([\w:-]+) \| (\S+) \| (\S+) \|$", re.MULTILINE)
ROLES = ("anyone", "viewer", "operator", "admin")
SERVICE = catalog.services()[0]
ARGUMENTS = {
    "service": SERVICE.handle,
    "key": "models.list",
    "action": SERVICE.actions[0].handle,
    "name": "model",
    "token": "none",
    "pk": 999_999,
}


def matrix() -> dict[str, tuple[str, str]]:
    text = (settings.BASE_DIR / "docs" / "access.md").read_text()
    return {name: (get, post) for name, get, post in LINE.findall(text)}


def pages(
    resolver: URLResolver, space: str = "", outer: Mapping = MappingProxyType({})
) -> Iterator[tuple[str, dict]]:
    """Yield each page's name with the converters of all that stands in its address."""
    for pattern in resolver.url_patterns:
        converters = {**outer, **pattern.pattern.converters}
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from pages(pattern, inner, converters)
        else:
            yield f"{space}{pattern.name}", converters


# The API takes tokens, not sessions: tests/test_api_tokens.py.
PAGES = {name: found for name, found in pages(get_resolver()) if not name.startswith("api:")}
MATRIX = matrix()


def address(name: str, converters: dict) -> str:
    """Return an address of the page, of a thing that does not exist."""
    arguments = {}
    for argument, converter in converters.items():
        kind = type(converter).__name__
        prefix = re.match(r"^([a-z]+)_", getattr(converter, "regex", ""))
        if kind == "UUIDConverter":
            arguments[argument] = uuid.uuid4()
        elif kind == "IdConverter":
            arguments[argument] = ids.encode(prefix.group(1), ids.new_id())
        else:
            arguments[argument] = ARGUMENTS[argument]
    return reverse(name, kwargs=arguments)


def test_every_page_has_a_line_and_every_line_a_page() -> None:
    assert set(MATRIX) == set(PAGES)


def test_every_line_names_roles() -> None:
    assert {role for line in MATRIX.values() for role in line} <= {*ROLES, "–"}


@pytest.fixture(scope="module")
def password() -> str:
    return make_password("correct horse battery")


@pytest.fixture
def clients(person, client_of, password) -> dict[str, Client]:
    people = {role: person(role, password=password) for role in ROLES[1:]}
    return {"anyone": Client()} | {role: client_of(someone) for role, someone in people.items()}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_lets_in_whom_the_table_names_and_nobody_else(name, clients, record_property) -> None:
    url, lets_in, answers = address(name, PAGES[name]), MATRIX.get(name, ("admin", "admin")), []
    for method, needed in zip(("get", "post"), lets_in, strict=True):
        # Roles contain each other: above the one that is let in there is nothing new to see.
        upto = ROLES.index(needed) if needed in ROLES else 0
        for role in ROLES[: upto + 1]:
            client = clients[role]
            answer = getattr(client, method)(url)
            answers.append((method, role, answer.status_code))
            said = f"{method} {url} as {role} answered {answer.status_code}"
            if needed == "–":
                assert answer.status_code in (302, 403, 404, 405), said
            elif ROLES.index(role) >= ROLES.index(needed):
                assert answer.status_code not in (403, 405, 500), said
                assert not answer.headers.get("Location", "").startswith("/sign-in/?"), said
            elif role == "anyone":
                assert answer.headers.get("Location", "").startswith("/sign-in/?next="), said
            else:
                assert answer.status_code == 403, said
    # What `python -m benchmarks.matrix` prints.
    for told, value in (("page", name), ("needed", " ".join(lets_in)), ("answers", json.dumps(answers))):
        record_property(told, value)
