"""Reads a page's links and its forms, with the values that a person would send who changed nothing."""

import re
from collections import deque
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from django.test import Client

MOST_PAGES = 150
SAME = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?:run|evt|rej|aud|bulk)_[0-9a-z]+|\d+")  # pages of one kind
SENT_WHEN_CHECKED = ("checkbox", "radio")


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
        self._text: str | None = None  # of the textarea that is open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in one element."""
        told = {name: value or "" for name, value in attrs}
        if tag == "a" and told.get("href", "").startswith("/"):
            self.links.add(told["href"])
        elif tag == "form" and told.get("method", "").lower() == "post":
            self._action, self._fields = urljoin(self.url, told.get("action", "")), []
        elif self._action is not None:
            self._take(tag, told)

    def _take(self, tag: str, told: dict[str, str]) -> None:
        kind = told.get("type", tag)
        if tag == "option":
            self._choose(told)
        elif tag in ("input", "select", "textarea", "button") and told.get("name"):
            if kind not in SENT_WHEN_CHECKED or "checked" in told:
                self._fields.append((told["name"], kind, told.get("value", "")))
            self._text = "" if tag == "textarea" else None

    def _choose(self, told: dict[str, str]) -> None:
        """The chosen option, or else the first that says something, is what its select sends."""
        if self._fields and self._fields[-1][1] == "select":
            name, kind, value = self._fields[-1]
            if "selected" in told or not value:
                self._fields[-1] = (name, kind, told.get("value", ""))

    def handle_data(self, data: str) -> None:
        """Collect what stands in a textarea."""
        if self._text is not None:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        """Keep a form that is over."""
        if tag == "textarea" and self._text is not None and self._fields:
            name, kind, _ = self._fields[-1]
            self._fields[-1], self._text = (name, kind, self._text), None
        elif tag == "form" and self._action is not None:
            self.forms.add(Form(self._action, tuple(self._fields)))
            self._action = None


def found(client: Client, *begin: str) -> list[Form]:
    """Walk the pages from these on, one of each kind, and return their forms in a fixed order."""
    waiting, seen, forms = deque(begin), set[str](), set[Form]()
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
    kinds = {(SAME.sub("#", form.action), tuple(name for name, _, _ in form.fields)): form for form in forms}
    return [kinds[kind] for kind in sorted(kinds) if "sign-out" not in kind[0]]
