"""Second factors in a real Chromium: a virtual authenticator's passkey, an app's codes, a recovery code."""

import re
import time

import pytest
from allauth.mfa.totp.internal import auth as totp
from playwright.sync_api import CDPSession, Page, expect

from audit.models import Entry
from people.models import Person

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
GOOD = "correct horse battery"


@pytest.fixture
def site(start_web, free_port, transactional_db) -> str:
    """A web process under a name: a passkey belongs to a name, never to an address."""
    port = free_port()
    start_web(port, SWITCHBOARD_URL=f"http://localhost:{port}")
    Person.objects.create_user("ada", password=GOOD, role="operator")
    return f"http://localhost:{port}"


@pytest.fixture
def heard(page) -> list[str]:
    """What the console said; the pages' policy must stop nothing."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


def sign_in(page: Page, site: str) -> None:
    page.goto(f"{site}/sign-in/")
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill(GOOD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page: Page, site: str) -> None:
    page.goto(f"{site}/sign-out/")
    page.locator("main form button[type=submit], .card form button[type=submit]").first.click()


def authenticator(page: Page) -> CDPSession:
    """Give the browser a built-in authenticator that keeps passkeys and finds its owner present."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    told = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    more = {"isUserVerified": True, "automaticPresenceSimulation": True}
    session.send("WebAuthn.addVirtualAuthenticator", {"options": told | more})
    return session


def test_a_passkey_is_added_and_opens_the_door_without_a_password(page, site, heard):
    authenticator(page)
    sign_in(page, site)
    expect(page).to_have_url(f"{site}/")
    page.goto(f"{site}/account/two-factor/webauthn/add/")
    page.locator("[name=name]").fill("This computer")
    page.locator("[name=passwordless]").check()
    page.locator("#mfa_webauthn_add").click()
    page.wait_for_url(re.compile("recovery-codes|webauthn/$"))
    assert Entry.objects.filter(action="person.factor_added", actor="ada").exists()
    sign_out(page, site)
    page.goto(f"{site}/")
    expect(page).to_have_url(re.compile("/sign-in/"))
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_url(f"{site}/")
    assert heard == []


def test_an_apps_code_and_a_recovery_code_open_the_door(page, site, heard):
    sign_in(page, site)
    page.goto(f"{site}/account/two-factor/totp/activate/")
    secret = page.locator("#authenticator_secret, input[readonly], code").first
    text = secret.input_value() if secret.evaluate("one => one.tagName") == "INPUT" else secret.inner_text()
    page.locator("[name=code]").fill(
        totp.format_hotp_value(totp.hotp_value(text.strip(), int(time.time()) // 30))
    )
    page.locator("form:has([name=code]) button[type=submit]").click()
    page.goto(f"{site}/account/two-factor/recovery-codes/generate/")
    if page.locator("main form button[type=submit]").count():
        page.locator("main form button[type=submit]").first.click()
    page.goto(f"{site}/account/two-factor/recovery-codes/")
    [code, *_] = page.locator("textarea, pre").first.evaluate("one => one.value || one.innerText").split()
    sign_out(page, site)
    sign_in(page, site)
    expect(page).to_have_url(re.compile("two-factor/authenticate"))
    page.locator("form:has([name=code]) [name=code]").fill(code)
    page.locator("form:has([name=code]) button[type=submit]").first.click()
    expect(page).to_have_url(f"{site}/")
    assert heard == []
