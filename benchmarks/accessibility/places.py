"""Where to look: every page that docs/access.md names, and the states that an address alone does not show."""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from allauth.mfa.totp.internal import auth as totp
from django.urls import Resolver404, resolve
from playwright.sync_api import Page

from benchmarks.screenshots import camera, copy, stage

Act = Callable[[Page], object]
LINE = re.compile(r"^\| (?!page)([\w:-]+) \| (?!–)\S+ \|", re.MULTILINE)  # a page that answers GET
# What answers GET and is no page of its own: files, pieces of pages, redirects, the other name of a page.
NO_PAGES = {
    *("overview:attention", "operations:choices", "operations:action_choices", "operations:export_progress"),
    *("operations:csv", "operations:jsonl", "operations:file", "operations:answer", "operations:upload"),
    *("operations:vectors_npy", "operations:vectors_csv", "operations:vectors_json"),
    *("webhooks:event_raw", "webhooks:rejection_raw", "webhooks:export", "audit:csv", "audit:jsonl"),
    *("mfa_download_recovery_codes", "mfa_login_webauthn", "account_login", "account_logout"),
    *("operations:services", "connections:choose"),  # with one service they lead on to it
    # These need a passkey; tests/test_people_passkeys.py has one.
    *("mfa_edit_webauthn", "mfa_remove_webauthn", "mfa_reauthenticate_webauthn"),
    "overview:styleguide",  # in development only; tests/test_overview_look.py looks at it
}
CONFIRM = "confirm who you are"
TABS = {
    "run": ("answer", "request", "attempts"),
    "connection": ("credentials", "webhook", "access"),
    "event": ("payload", "raw", "headers", "verification", "timeline", "notes"),
    "refused": ("verification", "payload", "raw", "headers", "notes"),
    "endpoint": ("missing", "silence", "keeping", "tests"),
}
FIXED = {
    "sign out": "/sign-out/",
    "files": "/services/chatgpt-v1/files.create/",
    "pictures": "/actions/chatgpt-v1/analyze_images/",
    "new connection": "/connections/new/chatgpt-v1/",
    "export": "/runs/export/",
    "invite": "/people/invite/",
    "help index": "/help/",
    "inactive": "/account/inactive/",
    "nothing matches: runs": "/runs/?state=unknown",
    "nothing matches: log": "/log/?kind=events&type=nothing.here",
    "nothing matches: audit": "/audit/?q=nothing-of-the-kind",
    "nothing found": "/search/?q=nothing-of-the-kind",
    "wrong filter": "/runs/?since=never",
    "not found": "/nothing-here/",
}
# These ask for a proof of who is there that is younger than five minutes.
SENSITIVE = {
    CONFIRM: "/account/confirm/",
    "password": "/account/password/",
    "second factor": "/account/two-factor/",
    "passkeys": "/account/two-factor/webauthn/",
    "new passkey": "/account/two-factor/webauthn/add/",
    "recovery codes": "/account/two-factor/recovery-codes/",
    "new recovery codes": "/account/two-factor/recovery-codes/generate/",
    "end the app": "/account/two-factor/totp/deactivate/",
    "second factor again": "/account/two-factor/reauthenticate/",
    "sessions": "/account/sessions/",
}
EMPTY = (
    "/",
    "/connections/",
    "/services/",
    "/runs/",
    "/spending/",
    "/log/",
    "/audit/",
    "/search/",
    "/account/tokens/",
)


@dataclass(frozen=True)
class Place:
    """A page: its name in the report, its address, and what is done there before it is looked at."""

    name: str
    url: str
    act: Act | None = None

    def open(self, page: Page) -> str:
        """Go there and return the name of the page that answered, which may be another one."""
        page.goto(self.url)
        if self.name != CONFIRM and view_of(page.url) == "account_reauthenticate":
            page.locator("[name=password]").fill(stage.PASSWORD)
            page.locator("main button[type=submit]").first.click()
            page.goto(self.url)
        if self.act:
            self.act(page)
            page.wait_for_timeout(250)  # what was asked for is there
        return view_of(page.url)


def view_of(url: str) -> str:
    """Return the name that docs/access.md has for an address; empty when it is none of ours."""
    try:
        return resolve(urlsplit(url).path).view_name
    except Resolver404:
        return ""


def unseen(seen: Iterable[str]) -> list[str]:
    """Return the pages of docs/access.md that were not looked at."""
    named = set(LINE.findall((copy.BASE / "docs" / "access.md").read_text()))
    return sorted(name for name in named - NO_PAGES - set(seen) if not name.startswith("api:"))


def empty(url: str) -> Iterator[Place]:
    """Yield the pages that say “nothing yet”: a house in its first minute."""
    for path in EMPTY:
        yield Place(f"nothing yet: {path}", url + path)
    yield Place("new app", f"{url}/account/two-factor/totp/activate/")


def strangers(url: str) -> Iterator[Place]:
    """Yield what is open to somebody who is not signed in, up to the question for the second factor."""
    yield Place("sign in", f"{url}/sign-in/")
    yield Place("sign in with an error", f"{url}/sign-in/", lambda page: _sign_in(page, "wrong password"))
    yield Place("used link", f"{url}/welcome/nothing-of-the-kind/")
    yield Place("second factor asked", f"{url}/sign-in/", lambda page: _sign_in(page, stage.PASSWORD))


def protect(page: Page, url: str) -> None:
    """Give the account an app as its second factor, so that the pages about it exist."""
    page.goto(f"{url}/account/two-factor/totp/activate/")
    secret = re.sub(r"\s", "", page.locator("#authenticator_secret").input_value())
    page.locator("[name=code]").fill(totp.format_hotp_value(totp.hotp_value(secret, int(time.time()) // 30)))
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url(lambda address: "activate" not in address)


def everything(page: Page, url: str, scene: stage.Scene) -> list[Place]:
    """Return every page and state of a filled house; `page` is used to find their addresses."""
    plain = camera.pages(url, scene)
    named = {
        **{name: url + path for name, path in SENSITIVE.items()},
        **plain,
        **{f"{name}, {tab}": f"{plain[name]}?tab={tab}" for name, tabs in TABS.items() for tab in tabs},
        **{
            f"connection: {word}": f"{scene.connection}{word}/"
            for word in ("edit", "signing-secret", "access", "limits", "delete")
        },
        **{name: url + path for name, path in FIXED.items()},
        **_found(page, url, scene),
    }
    return [Place(name, address) for name, address in named.items()] + [
        Place(name, url + path, act) for name, (path, act) in STATES.items()
    ]


def _found(page: Page, url: str, scene: stage.Scene) -> Mapping[str, str]:
    """Return addresses that only the pages themselves tell, and of a job that is started for this."""
    page.goto(f"{url}/runs/?state=succeeded")
    runs = [box.get_attribute("value") for box in page.locator("#rows input[name=run]").all()]
    page.locator("#bulk [name=word]").fill("weekly")
    page.locator("#bulk [value=tag]").click()
    page.locator("main [name=confirmed]").click()
    return {
        "bulk job": page.url,
        "runs compared": f"{url}/runs/compare/?run={runs[0]}&run={runs[1]}",
        "runs of a tag": f"{url}/runs/?tag=weekly",
        "failed run": _first(page, f"{url}/runs/?state=failed", "#rows a"),
        "events compared": f"{scene.event}compare/",
        "audit entry": _first(page, f"{url}/audit/", "main tbody a[href^='/audit/']"),
        "person": _first(page, f"{url}/people/", "main a[href^='/people/']:not([href*=invite])"),
    }


def _first(page: Page, address: str, link: str) -> str:
    page.goto(address)
    return str(page.locator(link).first.evaluate("link => link.href"))


def _sign_in(page: Page, password: str) -> None:
    page.locator("[name=login]").fill("ada")
    page.locator("[name=password]").fill(password)
    page.locator("main button[type=submit]").first.click()


def _button(name: str) -> Act:
    return lambda page: page.get_by_role("button", name=name, exact=True).first.click()


def _plan(page: Page) -> None:
    page.locator("#bulk [value=again]").click()


def _copied(page: Page) -> None:
    page.locator("#rows a").first.click()
    page.locator("[data-copy]").first.click()
    page.locator(".toast").first.wait_for()


def _sought(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type("batch")
    page.locator("#palette [data-row]").first.wait_for()


STATES: Mapping[str, tuple[str, Act]] = {
    "palette": ("/", _sought),
    "keys": ("/runs/", lambda page: page.keyboard.press("?")),
    "form with errors": ("/services/chatgpt-v1/responses.create/", _button("Run")),
    "form in error: connection": (
        "/connections/new/chatgpt-v1/",
        lambda page: page.locator("main form").last.evaluate(
            "form => { form.noValidate = true; form.requestSubmit(); }"
        ),
    ),
    "preview": ("/services/chatgpt-v1/models.list/", _button("Preview")),
    "plan of a job": ("/runs/?state=failed", _plan),
    "toast": ("/runs/", _copied),
}
