"""Finds every form that an admin can reach and posts strange values to it; each post is taken back."""

import logging
import math
import re
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from random import Random
from urllib.parse import urljoin, urlsplit

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.template.backends.django import Template
from django.test import Client
from django.utils.safestring import SafeString

from benchmarks.fuzz import oddities
from benchmarks.fuzz.door import Outcome
from people.models import Person

MOST_PAGES = 150
DRAWN = 20  # one answer in so many is drawn; pages cost ten times what their views do
SAME = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?:run|evt|rej|aud|bulk)_[0-9a-z]+|\d+")  # pages of one kind
ALLOWED = {200, 204, 302, 303, 400, 403, 404, 405, 409, 413, 422, 429}


@dataclass(frozen=True)
class Form:
    """A form of a page: where it posts to, and its fields with the values that they came with."""

    action: str
    fields: tuple[tuple[str, str, str], ...]  # name, kind, value


class Reader(HTMLParser):
    """Reads a page's links and its forms that post."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url, self.links, self.forms = url, set[str](), set[Form]()
        self._action: str | None = None
        self._fields: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in one element."""
        told = {name: value or "" for name, value in attrs}
        if tag == "a" and told.get("href", "").startswith("/"):
            self.links.add(told["href"])
        elif tag == "form" and told.get("method", "").lower() == "post":
            self._action, self._fields = urljoin(self.url, told.get("action", "")), []
        elif (
            self._action is not None and tag in ("input", "select", "textarea", "button") and told.get("name")
        ):
            self._fields.append((told["name"], told.get("type", tag), told.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        """Keep a form that is over."""
        if tag == "form" and self._action is not None:
            self.forms.add(Form(self._action, tuple(self._fields)))
            self._action = None


def found(client: Client) -> list[Form]:
    """Walk the pages from the first one on, one of each kind, and return their forms."""
    waiting, seen, forms = deque(["/", "/account/password/", "/people/invite/"]), set[str](), set[Form]()
    while waiting and len(seen) < MOST_PAGES:
        url = waiting.popleft()
        kind = SAME.sub("#", urlsplit(url).path)
        if kind in seen or "sign-out" in url or "export" in url:
            continue
        seen.add(kind)
        answer = client.get(url)
        if answer.status_code == 200 and not answer.streaming and "html" in answer["content-type"]:
            reader = Reader(url)
            reader.feed(answer.content.decode())
            waiting.extend(sorted(reader.links))
            forms |= reader.forms
    return sorted((form for form in forms if "sign-out" not in form.action), key=repr)


def post(client: Client, count: int, random: Random, until: float = math.inf) -> Outcome:
    """Post so many times to the forms in turn, not longer than `until`; 5xx and exceptions are wrong."""
    logging.disable(logging.CRITICAL)
    outcome, forms = Outcome(), found(client)
    draw = Template.render
    for number in range(count):
        if time.monotonic() > until:
            break
        form = forms[number % len(forms)]
        Template.render = _undrawn if random.randrange(DRAWN) else draw  # type: ignore[method-assign]
        values = dict(_values(form, random))
        with transaction.atomic():
            try:
                status = client.post(form.action, values, headers=_headers(random)).status_code
            except Exception as error:
                status = 599
                outcome.wrong.append(
                    f"{type(error).__name__} at {SAME.sub('#', form.action)}: {error!s:.300}"
                )
            transaction.set_rollback(True)
        outcome.posts += 1
        outcome.statuses[status] += 1
        if status not in ALLOWED and status != 599:
            outcome.wrong.append(f"{status} at {SAME.sub('#', form.action)} for {values!r:.500}")
    Template.render = draw  # type: ignore[method-assign]
    logging.disable(logging.NOTSET)
    outcome.kinds = len(forms)
    return outcome


def _undrawn(*_: object, **__: object) -> SafeString:
    return SafeString("")


def _text(random: Random) -> str:
    return (
        oddities.text(random).encode("utf-8", "replace").decode()
    )  # a form's bytes are always text in the end


def _values(form: Form, random: Random) -> Iterator[tuple[str, object]]:
    odd = (
        {random.choice(form.fields)[0] for _ in range(random.choice((1, 1, 2, 4)))} if form.fields else set()
    )
    for name, kind, value in form.fields:
        if name not in odd:
            yield name, value
        elif (chance := random.random()) < 0.75:
            yield name, _upload(random) if kind == "file" else _text(random)
        elif chance < 0.9:
            yield name, [_text(random)[:2_000] for _ in range(random.randrange(4))]
    if random.random() < 0.2:
        yield (
            random.choice((_text(random)[:80], "is_staff", "role", "connection", "csrfmiddlewaretoken")),
            "1",
        )


def _upload(random: Random) -> SimpleUploadedFile:
    name = random.choice(("x" * 300, "a.png", "a b.pdf", "é😀.txt", "a\r\nb", "=1+1.csv"))
    return SimpleUploadedFile(name, random.randbytes(random.randrange(2_000)))


def _headers(random: Random) -> dict[str, str]:
    return random.choice(
        (
            {},
            {},
            {"HX-Request": "true"},
            {"HX-Target": "x\u00e9", "HX-Request": "true"},
            {"Accept-Language": "de"},
        )
    )


def client_of(person: Person) -> Client:
    """Return a browser's stand-in that is signed in and has just proven who it is."""
    client = Client(raise_request_exception=True, headers={"host": "localhost"})
    client.force_login(person)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time() + 86_400}]
    session["account_authentication_methods_user"] = str(person.pk)
    session.save()
    return client
