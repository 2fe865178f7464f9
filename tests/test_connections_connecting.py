"""Connecting, changing, rotating, switching and deleting: what is stored, audited and told."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import Entry
from connections import connecting, endpoints
from connections.models import Connection, Secret
from definitions import catalog
from live import hub
from tests.accounts import KEY, SERVICE, connected, new_signing_secret

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(monkeypatch) -> list[tuple[str, object]]:
    """What was published."""
    heard: list[tuple[str, object]] = []
    monkeypatch.setattr(hub, "publish", lambda topic, key: heard.append((topic, key)))
    return heard


def actions() -> list[str]:
    return list(Entry.objects.order_by("id").values_list("action", flat=True))


def test_the_first_connection_of_a_service_is_its_default():
    first, second = connected("first"), connected("second")
    assert (first.is_default, second.is_default) == (True, False)


def test_practice_gives_the_default_to_the_first_real_account():
    practice = connecting.practise(catalog.service(SERVICE))
    assert practice.is_default
    assert connected().is_default
    practice.refresh_from_db()
    assert not practice.is_default


def test_a_real_account_never_takes_the_default_from_another():
    connected("first")
    assert not connecting.practise(catalog.service(SERVICE)).is_default


def test_practice_is_made_once():
    service = catalog.service(SERVICE)
    assert connecting.practise(service) == connecting.practise(service)


def test_practice_finds_a_free_name():
    connected("Practice")
    assert connecting.practise(catalog.service(SERVICE)).name == "Practice 2"


def test_a_taken_name_is_refused():
    connected("Research")
    with pytest.raises(connecting.NameTaken, match="already"):
        connected("Research")


def test_a_deleted_connection_frees_its_name():
    connecting.delete(connected("Research"))
    assert connected("Research").is_default


def test_deleting_erases_the_secrets_and_closes_the_endpoint():
    connection = connected(webhook_secret=new_signing_secret())
    connecting.delete(connection)
    assert not Secret.objects.exists()
    assert endpoints.load(connection.endpoint) is None
    assert endpoints.load(None, SERVICE) is None
    assert not Connection.objects.exists()
    assert Connection.everything.get().name == "Research"


def test_changing_keeps_the_secrets_that_are_left_empty():
    connection = connected()
    connecting.change(connection, connecting.Entered("Renamed", options={"project": "proj_1"}))
    connection = Connection.objects.get()
    assert (connection.name, connection.options) == ("Renamed", {"project": "proj_1"})
    assert connection.credentials() == {"apiKey": KEY}


def test_changing_replaces_the_secret_in_its_own_row():
    connection = connected()
    before = connection.secrets.get()
    connecting.change(connection, connecting.Entered("Research", credentials={"apiKey": "sk-new"}))
    after = connection.secrets.get()
    assert (after.pk, after.version) == (before.pk, before.version + 1)
    assert connection.credentials() == {"apiKey": "sk-new"}


def test_rotating_keeps_the_secret_before_for_a_while():
    old, new = new_signing_secret(), new_signing_secret()
    connection = connected(webhook_secret=old)
    connecting.set_signing_secret(connection, new, keep_hours=24)
    current, previous = Connection.objects.get().signing_rows
    assert (current.reveal(connection), previous.reveal(connection)) == (new, old)
    assert timedelta(hours=23) < previous.valid_until - timezone.now() <= timedelta(hours=24)


def test_rotating_again_ends_the_oldest_at_once():
    secrets = [new_signing_secret() for _ in range(3)]
    connection = connected(webhook_secret=secrets[0])
    for secret in secrets[1:]:
        connecting.set_signing_secret(connection, secret)
    assert [row.reveal(connection) for row in Connection.objects.get().signing_rows] == [
        secrets[2],
        secrets[1],
    ]


def test_rotating_without_overlap_ends_the_secret_before_at_once():
    connection = connected(webhook_secret=new_signing_secret())
    connecting.set_signing_secret(connection, new_signing_secret(), keep_hours=0)
    assert len(Connection.objects.get().signing_rows) == 1


def test_entering_the_same_secret_again_rotates_nothing():
    secret = new_signing_secret()
    connection = connected(webhook_secret=secret)
    connecting.set_signing_secret(connection, secret)
    assert [row.label for row in Connection.objects.get().signing_rows] == ["current"]


def test_the_previous_secret_can_be_ended_early():
    connection = connected(webhook_secret=new_signing_secret())
    connecting.set_signing_secret(connection, new_signing_secret())
    connecting.end_previous_secret(connection)
    assert not Connection.objects.get().has_previous_secret


def test_there_is_one_default():
    connected("first")
    second = connected("second")
    connecting.make_default(second)
    assert list(Connection.objects.filter(is_default=True)) == [second]


def test_every_change_leaves_a_line_without_secrets(admin):
    connection = connected(webhook_secret=new_signing_secret())
    connecting.change(
        connection, connecting.Entered("Renamed", credentials={"apiKey": "sk-other-secret-value"})
    )
    connecting.set_signing_secret(connection, new_signing_secret())
    connecting.end_previous_secret(connection)
    connecting.switch(connection, "paused")
    connecting.make_default(connection)
    connecting.limit(connection, connecting.Audience(limited=True, people=[admin]))
    connecting.delete(connection)
    assert actions() == [
        "connection.created",
        "connection.changed",
        "connection.signing_secret_set",
        "connection.previous_signing_secret_ended",
        "connection.paused",
        "connection.made_default",
        "connection.limited",
        "connection.deleted",
    ]
    lines = str(list(Entry.objects.values()))
    assert not [secret for secret in (KEY, "sk-other-secret-value", "whsec_") if secret in lines]


def test_the_line_says_which_secrets_were_entered():
    connected(webhook_secret=new_signing_secret())
    line = Entry.objects.get()
    assert '"entered": ["apiKey", "webhook_secret"]' in line.after
    assert (line.target_type, line.target_name, line.note) == (
        "connection",
        "Research",
        "By the command line.",
    )


def test_every_change_is_told_to_the_doors(told):
    connection = connected()
    for change in (
        lambda: connecting.switch(connection, "paused"),
        lambda: connecting.set_signing_secret(connection, new_signing_secret()),
        lambda: connecting.end_previous_secret(connection),
        lambda: connecting.make_default(connection),
        lambda: connecting.delete(connection),
    ):
        told.clear()
        change()
        assert ("endpoint", connection.pk) in told


def test_the_door_hears_of_the_connection_that_lost_the_default(told):
    first, second = connected("first"), connected("second")
    told.clear()
    connecting.make_default(second)
    assert {key for _, key in told} == {first.pk, second.pk}
