"""Somebody at a browser without a browser: signs in, fills forms, follows every link."""

import re
from collections.abc import Iterator
from typing import Self
from urllib.parse import parse_qs, urlsplit

import httpx

LINK = re.compile(r'(?:href|hx-get|src)="(/[^"#]*)')
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
ALIKE = re.compile(
    r"^(/static/|/services/[^/]+/\w+\.).*"
)  # one form of each resource says what the others do
MOST = 400  # pages one visitor looks at


class Visitor:
    """One person's session."""

    def __init__(self, url: str) -> None:
        """Take the site's address."""
        self.client = httpx.Client(base_url=url, follow_redirects=True, timeout=30, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def post(self, path: str, **fields: str) -> httpx.Response:
        """Open the page with the form, take its token, send the form."""
        page = self.client.get(path)
        token = TOKEN.search(page.text) or TOKEN.search(self.client.get("/connections/").text)
        assert token, f"{path} has no form ({page.status_code})"
        sent = {"csrfmiddlewaretoken": token[1]} | fields
        return self.client.post(path, data=sent, headers={"referer": str(self.client.base_url) + path})

    def welcome(self, link: str, name: str, password: str) -> None:
        """Come in by a one-time link, with a name unless there is one already, and sign in."""
        path = urlsplit(link).path
        self.post(path, username=name, password=password, repeat=password)
        answer = self.post("/sign-in/", login=name, password=password)
        assert "/sign-in/" not in str(answer.url), f"{name} could not sign in"

    def pages(self) -> Iterator[tuple[str, bytes]]:
        """Yield the path and the bytes of every page that can be reached by links, headers included."""
        seen, waiting = set[str](), ["/"]
        while waiting and len(seen) < MOST:
            path = waiting.pop(0)
            if _identity(path) in seen:
                continue
            seen.add(_identity(path))
            answer = self.client.get(path)
            yield path, repr(answer.headers).encode() + answer.content
            if "html" in answer.headers.get("content-type", ""):
                waiting += [link.replace("&amp;", "&") for link in LINK.findall(answer.text)]


def _identity(path: str) -> str:
    """Return what makes a page another page: its path and its tab; not filters, not cursors."""
    parts = urlsplit(path)
    tab = parse_qs(parts.query).get("tab", [""])[0]
    return ALIKE.sub(r"\1", parts.path) + f"?{tab}"
