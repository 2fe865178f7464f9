"""`manage.py connect`: secrets on standard input, one JSON object out, exit codes to rely on."""

import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from connections.models import Connection
from tests.accounts import KEY, SERVICE, connected, new_signing_secret

pytestmark = pytest.mark.django_db


@pytest.fixture
def connect(monkeypatch):
    """Run the command with this on standard input, and return what it printed, parsed."""

    def run(*arguments: str, **secrets: object) -> dict[str, str]:
        given = secrets.pop("stdin", None) or json.dumps(secrets)
        monkeypatch.setattr("sys.stdin", io.StringIO(given))
        out = io.StringIO()
        call_command("connect", *arguments, stdout=out)
        [line] = out.getvalue().splitlines()
        return json.loads(line)

    return run


def test_it_connects_and_prints_the_endpoint(connect):
    secret = new_signing_secret()
    printed = connect(SERVICE, "Research", apiKey=KEY, webhook_secret=secret)
    connection = Connection.objects.get()
    assert printed == {
        "id": str(connection.pk),
        "name": "Research",
        "endpoint_url": connection.endpoint_url,
    }
    assert connection.credentials() == {"apiKey": KEY}
    assert connection.endpoint_state == "ready"
    assert connection.is_default


def test_optional_headers_are_taken_by_their_names(connect):
    connect(SERVICE, "Research", apiKey=KEY, organization="org-1", project="proj_1")
    assert Connection.objects.get().options == {"organization": "org-1", "project": "proj_1"}


def test_a_base_url_may_be_given(connect):
    connect(SERVICE, "Research", "--base-url", "https://own.example/v1", apiKey=KEY)
    assert Connection.objects.get().effective_base_url == "https://own.example/v1"


def test_a_private_base_url_needs_the_variable(connect, settings):
    settings.PRIVATE_HOSTS = ["127.0.0.1"]
    connect(SERVICE, "Research", "--base-url", "http://127.0.0.1:9000", apiKey=KEY)
    settings.PRIVATE_HOSTS = []
    with pytest.raises(CommandError, match="SWITCHBOARD_PRIVATE_HOSTS"):
        connect(SERVICE, "Other", "--base-url", "http://127.0.0.1:9000", apiKey=KEY)


WRONG = {
    "no JSON": ({"stdin": "sk-secret-in-the-wrong-place"}, "not JSON"),
    "nothing": ({"stdin": " "}, "not JSON"),
    "a list": ({"stdin": '["sk-secret"]'}, "one JSON object"),
    "a number": ({"apiKey": 7}, "values are texts"),
    "an unknown member": (
        {"apikey": KEY},
        "no secret “apikey”. Known: apiKey, organization, project, webhook_secret",
    ),
    "no key": ({"webhook_secret": "whsec_x"}, "apiKey: This field is required."),
    "a bad signing secret": ({"apiKey": KEY, "webhook_secret": "whsec_x"}, "webhook_secret: What follows"),
    "a key that no header carries": ({"apiKey": "sk-\u0442"}, "apiKey: This holds a character"),
    "a lone surrogate": ({"stdin": '{"apiKey": "\\ud800"}'}, "apiKey: This holds a character"),
}


@pytest.mark.parametrize(("given", "complaint"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_a_sentence_and_exit_2(connect, given, complaint):
    with pytest.raises(CommandError, match=complaint) as refused:
        connect(SERVICE, "Research", **given)
    assert refused.value.returncode == 2
    assert "sk-" not in str(refused.value)
    assert not Connection.objects.exists()


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\x00b", "caf\udce9"])
def test_what_is_no_name_is_refused(connect, name):
    with pytest.raises(CommandError, match="^name: ") as refused:
        connect(SERVICE, name, apiKey=KEY)
    assert refused.value.returncode == 2


def test_an_unknown_service_names_the_known_ones(connect):
    with pytest.raises(CommandError, match=f"Known: {SERVICE}") as refused:
        connect("none-v1", "Research", apiKey=KEY)
    assert refused.value.returncode == 2


def test_the_same_name_again_is_refused(connect):
    connected("Research")
    with pytest.raises(CommandError, match="add --update") as refused:
        connect(SERVICE, "Research", apiKey="sk-other")
    assert refused.value.returncode == 2
    assert Connection.objects.get().credentials() == {"apiKey": KEY}


def test_update_changes_what_is_given_and_keeps_the_rest(connect):
    secret = new_signing_secret()
    before = connected(
        base_url="https://own.example/v1", options={"project": "proj_1"}, webhook_secret=secret
    )
    printed = connect(SERVICE, "Research", "--update", apiKey="sk-new")
    after = Connection.objects.get()
    assert printed["endpoint_url"] == before.endpoint_url
    assert after.credentials() == {"apiKey": "sk-new"}
    assert (after.base_url, after.options) == (before.base_url, before.options)
    assert [row.reveal(after) for row in after.signing_rows] == [secret]


def test_update_rotates_the_signing_secret(connect):
    old, new = new_signing_secret(), new_signing_secret()
    connected(webhook_secret=old)
    connect(SERVICE, "Research", "--update", webhook_secret=new)
    connection = Connection.objects.get()
    assert [row.reveal(connection) for row in connection.signing_rows] == [new, old]
    assert connection.credentials() == {"apiKey": KEY}


def test_update_to_another_host_wants_the_key(connect):
    connected()
    with pytest.raises(CommandError, match="apiKey: The base URL changed"):
        connect(SERVICE, "Research", "--update", "--base-url", "https://own.example", webhook_secret="")


def test_update_of_a_name_that_is_new_connects(connect):
    connect(SERVICE, "Research", "--update", apiKey=KEY)
    assert Connection.objects.get().name == "Research"


def test_update_never_moves_a_connection_to_another_service(connect):
    connected()
    Connection.objects.update(service="other-v1")
    with pytest.raises(CommandError, match="is a connection to other-v1"):
        connect(SERVICE, "Research", "--update", apiKey=KEY)


def test_without_a_database_it_says_what_to_start(connect, monkeypatch):
    def down(*_: object, **__: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(Connection.objects, "filter", down)
    with pytest.raises(CommandError, match="start Switchboard with `make run`"):
        connect(SERVICE, "Research", apiKey=KEY)
