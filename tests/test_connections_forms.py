"""The form of a service's credentials: what it asks for, what it refuses, what it keeps."""

import pytest

from connections import connecting
from connections.forms import ConnectionForm, SigningForm
from definitions import catalog
from tests.accounts import KEY, SERVICE, another_key, connected, new_signing_secret, ring_text

pytestmark = pytest.mark.django_db
HOSTILE = ["sk-\r\nX-Evil: 1", "sk-\nb", "sk-ключ", "sk-\x00", "sk-\x7f", "sk-" + "x" * 8190]


@pytest.fixture
def service():
    """The bundled service."""
    return catalog.service(SERVICE)


def form(service, connection=None, **given: str) -> ConnectionForm:
    data = {"name": "Research", "credential-apiKey": KEY} | given
    return ConnectionForm(service, data, connection=connection)


def test_it_asks_for_what_the_definition_declares(service):
    assert list(ConnectionForm(service).fields) == [
        "name",
        "credential-apiKey",
        "webhook_secret",
        "base_url",
        "option-organization",
        "option-project",
    ]


def test_it_hands_on_what_was_entered(service):
    given = {
        "option-project": "proj_1",
        "webhook_secret": new_signing_secret(),
        "base_url": "https://own.example/v1/",
    }
    valid = form(service, **given)
    assert valid.is_valid()
    assert valid.entered.credentials == {"apiKey": KEY}
    assert valid.entered.options == {"project": "proj_1"}
    assert valid.entered.base_url == "https://own.example/v1"
    assert valid.entered.webhook_secret == given["webhook_secret"]


def test_what_was_entered_never_prints_secrets(service):
    secret = new_signing_secret()
    valid = form(service, webhook_secret=secret)
    assert valid.is_valid()
    assert KEY not in repr(valid.entered)
    assert secret not in repr(valid.entered)


def test_a_pasted_line_end_is_dropped(service):
    valid = form(service, **{"credential-apiKey": f"  {KEY}\n"})
    assert valid.is_valid()
    assert valid.entered.credentials == {"apiKey": KEY}


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("field", ["credential-apiKey", "option-project"])
def test_what_no_header_can_carry_is_refused(service, field, value):
    refused = form(service, **{field: value})
    assert list(refused.errors) == [field]
    assert value not in str(refused.errors)


def test_the_key_is_required_to_connect(service):
    assert "credential-apiKey" in form(service, **{"credential-apiKey": ""}).errors


def test_an_empty_key_keeps_the_one_there_is(service):
    changed = form(service, connected(), **{"credential-apiKey": ""})
    assert changed.is_valid()
    assert changed.entered.credentials == {}


def test_another_host_asks_for_the_key_again(service):
    moved = form(service, connected(), **{"credential-apiKey": "", "base_url": "https://own.example/v1"})
    assert moved.errors["credential-apiKey"] == [
        "The base URL changed: enter this again, for the new address."
    ]


def test_another_port_is_another_host(service):
    moved = form(
        service, connected(), **{"credential-apiKey": "", "base_url": "https://api.openai.com:8443/v1"}
    )
    assert "credential-apiKey" in moved.errors


def test_another_path_at_the_same_host_keeps_the_key(service):
    assert form(
        service, connected(), **{"credential-apiKey": "", "base_url": "https://api.openai.com/v2"}
    ).is_valid()


def test_going_back_to_the_own_host_of_the_service_asks_again(service):
    own = connected(base_url="https://own.example/v1")
    assert "credential-apiKey" in form(service, own, **{"credential-apiKey": "", "base_url": ""}).errors


def test_a_taken_name_is_refused(service):
    connected("Research")
    assert form(service).errors["name"] == ["There is a connection of this name already."]


def test_a_connection_keeps_its_own_name(service):
    assert form(service, connected("Research")).is_valid()


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\x00b"])
def test_what_is_no_name_is_refused(service, name):
    assert "name" in form(service, name=name).errors


def test_a_bad_signing_secret_is_refused_with_its_reason(service):
    assert "not base64" in form(service, webhook_secret="whsec_!!").errors["webhook_secret"][0]


def test_a_signing_secret_belongs_to_one_endpoint(service):
    secret = new_signing_secret()
    connected("Other", webhook_secret=secret)
    assert (
        "“Other” has this signing secret" in form(service, webhook_secret=secret).errors["webhook_secret"][0]
    )


def test_a_signing_secret_is_recognised_under_an_older_key(service, settings):
    secret = new_signing_secret()
    connected("Other", webhook_secret=secret)
    settings.CREDENTIAL_KEYS = f"{another_key()},{ring_text()}"
    assert "webhook_secret" in form(service, webhook_secret=secret).errors


def test_practice_has_no_base_url(service):
    assert "base_url" not in ConnectionForm(service, connection=connecting.practise(service)).fields


def test_secrets_are_not_given_back(service):
    html = form(service, name="", webhook_secret="whsec_bad").as_p()
    assert KEY not in html
    assert "whsec_bad" not in html
    assert html.count('type="password"') == html.count('autocomplete="new-password"') == 2


def test_the_overlap_is_asked_for_only_when_there_is_a_secret_before():
    assert "keep_hours" not in SigningForm(connected("none")).fields
    assert "keep_hours" in SigningForm(connected("one", webhook_secret=new_signing_secret())).fields


@pytest.mark.parametrize("hours", ["", "-1", "9999", "x"])
def test_an_overlap_that_was_not_offered_is_refused(hours):
    connection = connected(webhook_secret=new_signing_secret())
    data = {"webhook_secret": new_signing_secret(), "keep_hours": hours}
    assert "keep_hours" in SigningForm(connection, data).errors
