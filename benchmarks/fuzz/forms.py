"""Posts strange values to every form, as anybody and as every role; each post is taken back."""

import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie
from importlib import import_module
from random import Random
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.template.backends.django import Template
from django.test import Client
from django.urls import resolve
from django.utils.safestring import SafeString

from benchmarks.fuzz import oddities
from benchmarks.fuzz.outcome import Outcome
from benchmarks.fuzz.reader import SAME, Form, found
from people.models import Person

DRAWN = 100  # one answer in so many is drawn; pages cost ten times what their views do
ALLOWED = {200, 204, 302, 303, 400, 403, 404, 405, 409, 413, 422, 429}
BEGIN = {"anybody": ("/sign-in/",), "admin": ("/", "/account/password/", "/people/invite/")}
OFTEN = {"anybody": 1, "viewer": 1, "operator": 3, "admin": 7}  # how often each posts, in twelfths

WEIGHT = 6  # a view with many forms, as operations have, gets so many shares at most

draw = Template.render


class Browser(Client):
    """Somebody's browser, signed in for good: what a post does to the session is undone like its rows.

    Sessions are kept in memory (`in_memory`), because they would be half of all statements.
    """

    def __init__(self, person: Person | None) -> None:
        """Sign the person in, who has just proven who it is; nobody stays a stranger."""
        super().__init__(raise_request_exception=True, headers={"host": "localhost"})
        self._session: dict[str, object] = {}
        if person:
            self.force_login(person)
            session = self.session
            session["account_authentication_methods"] = [{"method": "password", "at": time.time() + 86_400}]
            session["account_authentication_methods_user"] = str(person.pk)
            session.save()
            self._session = dict(session.items())
        self._cookies = {name: morsel.value for name, morsel in self.cookies.items()}

    def restore(self) -> None:
        """Be as it was."""
        self.cookies = SimpleCookie(self._cookies)
        if key := self._cookies.get(settings.SESSION_COOKIE_NAME):
            store = import_module(settings.SESSION_ENGINE).SessionStore(key)
            store.update(self._session)
            store.save()


def in_memory() -> None:
    """Keep this process's sessions in its own memory; to be called before the first request."""
    settings.CACHES["memory"] = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    settings.SESSION_ENGINE, settings.SESSION_CACHE_ALIAS = "django.contrib.sessions.backends.cache", "memory"


def forms_of(browsers: dict[str, Browser]) -> list[list[Form]]:
    """Return the forms of everybody's pages by the views that take them; what an admin finds, the others may
    try as well.
    """
    views: dict[str, list[Form]] = {}
    for who, begin in BEGIN.items():
        for form in found(browsers[who], *begin):
            views.setdefault(resolve(urlsplit(form.action).path).view_name, []).append(form)
    return list(views.values())


def post(
    browsers: dict[str, Browser], views: list[list[Form]], numbers: Iterable[int], seed: int, name: str = ""
) -> Outcome:
    """Post the cases of these numbers to the forms; 5xx and exceptions are wrong."""
    outcome = Outcome(name, kinds=len(views))
    weights = [min(len(forms), WEIGHT) for forms in views]
    with _quiet():
        for number in numbers:
            random = Random(f"{seed} forms {number}")
            who = random.choices(list(OFTEN), list(OFTEN.values()))[0]
            form = random.choice(random.choices(views, weights)[0])
            Template.render = _undrawn if random.randrange(DRAWN) else draw  # type: ignore[method-assign]
            values = dict(_values(form, random))
            status, error = _answer(browsers[who], form, values, _headers(random))
            outcome.posts += 1
            outcome.statuses[status] += 1
            if status not in ALLOWED:
                place = f"{SAME.sub('#', form.action)} as {who}"
                outcome.blame(number, f"{status} {error} at {place} for {values!r:.500}")
    return outcome


def _answer(
    browser: Browser, form: Form, values: dict[str, object], headers: dict[str, str]
) -> tuple[int, str]:
    """Return status and error of one post, and leave neither a row nor a cookie of it."""
    error = ""
    with transaction.atomic():
        try:
            status = browser.post(form.action, values, headers=headers).status_code
        except Exception as raised:
            status, error = 599, f"{type(raised).__name__}: {raised!s:.300}"
        transaction.set_rollback(True)
    browser.restore()
    return status, error


@contextmanager
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        Template.render = draw  # type: ignore[method-assign]
        logging.disable(logging.NOTSET)


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
