"""Who may use a connection, what it opens, and what locks it."""

import pytest
from django.db import connection as database

from connections import connecting, crypto
from connections.connecting import Audience
from connections.models import Connection, Locked, Secret
from tests.accounts import KEY, SERVICE, another_key, connected, new_signing_secret

pytestmark = pytest.mark.django_db


def reread(connection: Connection) -> Connection:
    return Connection.objects.get(pk=connection.pk)


def write(table_set: str, *values: object) -> None:
    """Change the database as somebody with a stolen password would."""
    with database.cursor() as cursor:
        cursor.execute(table_set, values)


def test_it_opens_its_credentials_by_placeholder_name():
    assert connected().credentials() == {"apiKey": KEY}


def test_opening_notes_when_the_secret_was_last_used():
    connection = connected()
    connection.credentials()
    assert connection.secrets.get(name="apiKey").last_used_at is not None


def test_nothing_readable_is_stored():
    connected(webhook_secret=new_signing_secret())
    with database.cursor() as cursor:
        cursor.execute("SELECT s::text, encode(sealed, 'escape') FROM connections_secret s")
        assert KEY not in str(cursor.fetchall())


def test_it_shows_the_last_four_of_long_secrets_only():
    assert connected("long").secrets.get(name="apiKey").last4 == "WXYZ"
    assert connected("short", key="sk-short-15char").secrets.get(name="apiKey").last4 == ""
    assert connected("edge", key="sk-short-16chars").secrets.get(name="apiKey").last4 == "hars"


def test_everybody_sees_an_open_connection(person):
    connection = connected()
    for role in ("viewer", "operator", "admin"):
        assert connection in Connection.objects.for_user(person(role))


def test_a_limited_connection_exists_for_admins_the_role_and_the_named(person):
    connection, mia, olga = connected(), person("viewer", username="mia"), person("operator")
    admin, viewer = person("admin"), person("viewer")
    connecting.limit(connection, Audience(limited=True, role="operator", people=[mia]))
    may = {
        one.username for one in (mia, olga, admin, viewer) if connection in Connection.objects.for_user(one)
    }
    assert may == {"mia", "operator", "admin"}


def test_limited_to_nobody_leaves_the_admins(person):
    connection = connected()
    connecting.limit(connection, Audience(limited=True))
    assert connection not in Connection.objects.for_user(person("operator"))
    assert connection in Connection.objects.for_user(person("admin"))


def test_named_twice_over_it_is_listed_once(person):
    mia = person("operator", username="mia")
    connecting.limit(connected(), Audience(limited=True, role="operator", people=[mia]))
    assert Connection.objects.for_user(mia).count() == 1


def test_a_missing_key_locks_only_what_it_sealed(settings):
    old = connected("old")
    settings.CREDENTIAL_KEYS = another_key("k2")
    new = connected("new")
    assert reread(new).credentials() == {"apiKey": KEY}
    assert "not in the key ring" in reread(old).locked
    with pytest.raises(Locked, match=r"The secrets of “old” are locked\."):
        reread(old).credentials()


def test_a_key_put_back_unlocks(settings):
    connection, before = connected(), settings.CREDENTIAL_KEYS
    settings.CREDENTIAL_KEYS = another_key("k2")
    assert reread(connection).state == "locked"
    settings.CREDENTIAL_KEYS = before
    assert reread(connection).state == "enabled"


def test_an_endpoint_whose_secret_does_not_open_says_so(settings):
    connection = connected(webhook_secret=new_signing_secret())
    settings.CREDENTIAL_KEYS = another_key("k2")
    assert reread(connection).endpoint_state == "locked"
    assert "503" in reread(connection).endpoint_words


def test_a_broken_ring_locks_with_its_own_sentence(settings):
    connection = connected()
    settings.CREDENTIAL_KEYS = "k1:short"
    assert "k1" in reread(connection).locked


def test_a_sealed_value_moved_to_another_row_locks():
    mine, other = connected("mine"), connected("other", key="sk-other-0123456789")
    sealed = other.secrets.get().sealed
    write("UPDATE connections_secret SET sealed = %s WHERE connection_id = %s", sealed, mine.pk)
    assert "changed or moved" in reread(mine).locked


def test_a_row_moved_to_another_connection_locks():
    mine, other = connected("mine"), connected("other")
    write("DELETE FROM connections_secret WHERE connection_id = %s", mine.pk)
    write("UPDATE connections_secret SET connection_id = %s WHERE connection_id = %s", mine.pk, other.pk)
    assert "belongs to another connection" in reread(mine).locked


def test_an_older_value_put_back_locks():
    connection = connected()
    before = bytes(connection.secrets.get().sealed)
    entered = connecting.Entered(connection.name, credentials={"apiKey": "sk-new-0123456789abcdef"})
    connecting.change(connection, entered)
    write("UPDATE connections_secret SET sealed = %s WHERE connection_id = %s", before, connection.pk)
    assert "changed or moved" in reread(connection).locked


def test_plain_text_planted_in_the_column_locks():
    connection = connected()
    write("UPDATE connections_secret SET sealed = %s WHERE connection_id = %s", b"sk-planted", connection.pk)
    assert "not a sealed value" in reread(connection).locked


def test_another_base_url_written_into_the_database_gets_no_secret():
    connection = connected()
    write("UPDATE connections_connection SET base_url = 'https://evil.example' WHERE id = %s", connection.pk)
    with pytest.raises(Locked, match=r"entered for https://api\.openai\.com:443"):
        reread(connection).credentials()


def test_practice_written_into_the_database_gets_no_secret(settings):
    settings.SIMULATOR_URL = "http://127.0.0.1:1"
    connection = connected()
    write("UPDATE connections_connection SET practice = true WHERE id = %s", connection.pk)
    with pytest.raises(Locked):
        reread(connection).credentials()


def test_a_definition_that_is_not_loaded_locks():
    connection = connected()
    write("UPDATE connections_connection SET service = 'gone-v1' WHERE id = %s", connection.pk)
    connection = reread(connection)
    assert "No definition of the service gone-v1" in connection.locked
    assert connection.service_label == "gone-v1"
    assert connection.setup_steps == ()


def test_the_credentials_may_go_to_the_host_of_the_base_url_only():
    assert connected().allowed_hosts == {"api.openai.com"}
    assert connected("own", base_url="https://Gateway.Example./v1").allowed_hosts == {"gateway.example"}


def test_practice_goes_to_the_practice_service(settings):
    settings.SIMULATOR_URL = "http://127.0.0.1:8701"
    assert (
        connecting.practise(connected().definition).effective_base_url == f"http://127.0.0.1:8701/{SERVICE}"
    )


def test_practice_says_when_its_service_does_not_run(settings):
    settings.SIMULATOR_URL = ""
    connection = connecting.practise(connected().definition)
    with pytest.raises(Locked, match="does not run"):
        connection.effective_base_url  # noqa: B018
    assert "does not run" in connection.shown_base_url


@pytest.mark.parametrize(
    ("secret", "switches", "state"),
    [
        ("", (), "needs_secret"),
        ("yes", (), "ready"),
        ("yes", ("paused",), "paused"),
        ("yes", ("paused", "resumed"), "ready"),
        ("yes", ("paused", "disabled"), "disabled"),
        ("yes", ("disabled", "enabled"), "ready"),
    ],
)
def test_the_endpoint_has_one_of_five_states(secret, switches, state):
    connection = connected(webhook_secret=new_signing_secret() if secret else "")
    for to in switches:
        connecting.switch(connection, to)
    assert reread(connection).endpoint_state == state


def test_the_database_holds_two_signing_secrets_at_most():
    connection = connected(webhook_secret=new_signing_secret())
    for _ in range(3):
        connecting.set_signing_secret(connection, new_signing_secret())
    assert [secret.label for secret in reread(connection).signing_rows] == ["current", "previous"]


def test_printing_a_secret_says_its_name_only():
    secret = connected().secrets.get()
    assert KEY not in f"{secret} {secret!r} {vars(secret)}"


def test_each_list_of_connections_takes_two_queries(person, django_assert_num_queries):
    for number in range(3):
        connected(f"number {number}", webhook_secret=new_signing_secret())
    someone = person("operator")
    with django_assert_num_queries(2):
        assert [one.locked for one in Connection.objects.for_user(someone).with_secrets()] == ["", "", ""]


def test_a_key_is_never_used_for_another_purpose():
    secret = connected(webhook_secret=new_signing_secret()).secrets.get(name="webhook_secret")
    Secret.objects.filter(pk=secret.pk).update(name="another")
    with pytest.raises(crypto.SealBroken):
        Secret.objects.get(pk=secret.pk).reveal(secret.connection)
