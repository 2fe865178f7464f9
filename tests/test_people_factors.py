"""Second factors: an authenticator app with a sealed seed, codes that work once, and the duty to have one."""

import base64
import time

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.test import Client

from audit.models import Entry
from people.models import Person

GOOD = "correct horse battery"


@pytest.fixture
def ada(db) -> Person:
    return Person.objects.create_user("ada", password=GOOD, role="operator")


def code_of(secret: str) -> str:
    return totp.format_hotp_value(totp.hotp_value(secret, int(time.time()) // 30))


@pytest.fixture
def secret(ada, client_of, django_capture_on_commit_callbacks) -> str:
    client = client_of(ada)
    client.get("/account/two-factor/totp/activate/")
    secret = client.session["mfa.totp.secret"]
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/account/two-factor/totp/activate/", {"code": code_of(secret)})
    return secret


def test_adding_one_is_on_the_trail(ada, secret) -> None:
    assert Entry.objects.filter(action="person.factor_added", actor="ada").exists()


def test_the_seed_is_sealed_in_the_database(ada, secret) -> None:
    kept = Authenticator.objects.get(user=ada, type="totp").data
    assert secret not in str(kept)


def test_the_password_alone_does_not_open_the_door_any_more(ada, secret, client) -> None:
    answer = client.post("/sign-in/", {"login": "ada", "password": GOOD})
    assert answer.url == "/account/two-factor/authenticate/"
    assert client.get("/people/").status_code == 302


def test_a_code_opens_it_once(ada, secret) -> None:
    with time_machine.travel(1_900_000_000, tick=False):
        code = code_of(secret)
        opened = []
        for _ in range(2):
            client = Client()
            client.post("/sign-in/", {"login": "ada", "password": GOOD})
            client.post("/account/two-factor/authenticate/", {"code": code})
            opened.append(client.get("/people/").status_code)
    assert opened == [200, 302]


def test_a_recovery_code_opens_it_once(ada, secret, client_of) -> None:
    page = client_of(ada).get("/account/two-factor/recovery-codes/")
    code = page.context["unused_codes"][0]
    opened = []
    for _ in range(2):
        client = Client()
        client.post("/sign-in/", {"login": "ada", "password": GOOD})
        client.post("/account/two-factor/authenticate/", {"code": code})
        opened.append(client.get("/people/").status_code)
    assert opened == [200, 302]


def test_taking_it_off_needs_a_recent_proof(ada, secret, client_of) -> None:
    client_of(ada, proven=301).post("/account/two-factor/totp/deactivate/")
    assert Authenticator.objects.filter(user=ada, type="totp").exists()


def test_where_it_is_required_operators_get_nowhere_without(settings, ada, viewer_client, client_of) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    assert client_of(ada).get("/people/").url == "/account/two-factor/"
    assert client_of(ada).get("/account/two-factor/").status_code == 200
    assert viewer_client.get("/people/").status_code == 200


def test_without_one_they_make_no_token_either(settings, ada, client_of) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    client = client_of(ada)
    answers = [
        client.get("/account/tokens/"),
        client.post("/account/tokens/", {"name": "x", "scope": "run", "days": "7"}),
    ]
    assert [answer.url for answer in answers] == ["/account/two-factor/"] * 2
    assert not ada.tokens.exists()


def test_with_one_they_go_on(settings, ada, secret, client_of) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    assert client_of(ada).get("/people/").status_code == 200


def other_key() -> str:
    return "other:" + base64.b64encode(bytes(range(100, 132))).decode()


def test_a_seed_whose_key_is_missing_is_a_sentence_and_no_error(ada, secret, settings, client) -> None:
    settings.CREDENTIAL_KEYS = other_key()
    client.post("/sign-in/", {"login": "ada", "password": GOOD})
    answer = client.post("/account/two-factor/authenticate/", {"code": code_of(secret)})
    assert "Your second factor is locked" in answer.content.decode()


def test_recovery_codes_whose_key_is_missing_lead_back_with_a_sentence(
    ada, secret, settings, client_of
) -> None:
    settings.CREDENTIAL_KEYS = other_key()
    client = client_of(ada)
    assert client.get("/account/two-factor/recovery-codes/").url == "/account/"
    assert "Your second factor is locked" in client.get("/account/").content.decode()


@pytest.mark.parametrize("path", ["/account/two-factor/webauthn/add/", "/account/two-factor/webauthn/login/"])
def test_a_passkeys_answer_that_nests_too_deeply_is_a_sentence_and_no_error(ada, client_of, path) -> None:
    client = client_of(ada) if path.endswith("add/") else Client()
    client.get(path)
    answer = client.post(path, {"name": "key", "credential": "[" * 5_000})
    assert answer.status_code < 500
    assert "not that of a passkey" in client.get(answer.url, follow=True).content.decode()
