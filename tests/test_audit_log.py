"""The audit trail: what a line holds, that it is final, and that a change shows."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import RequestFactory

from audit import chain, log
from audit.models import Entry


def sql(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


@pytest.fixture
def trail(admin) -> list[Entry]:
    return [log.record("person.invited", person=admin, note=str(number)) for number in range(3)]


@pytest.fixture
def unlocked(db) -> None:
    """What someone with the database's owner rights can do: take the guard off the table."""
    sql("ALTER TABLE audit_entry DISABLE TRIGGER USER")


def test_a_line_says_who_what_to_which_and_from_where(admin) -> None:
    request = RequestFactory().post("/", REMOTE_ADDR="10.1.2.3")
    request.user = admin
    entry = log.record(
        "person.role_changed",
        request=request,
        target=admin,
        before={"role": "viewer"},
        after={"role": "admin"},
    )
    entry.refresh_from_db()
    assert (entry.actor, entry.address, entry.target_name) == ("admin", "10.1.2.3", "admin")
    assert (entry.target_type, entry.target_id) == ("person", str(admin.pk))
    assert entry.changes == [("role", "viewer", "admin")]


def test_values_under_a_secret_name_are_masked(db) -> None:
    entry = log.record(
        "connection.changed", after={"apiKey": "sk-canary", "webhook_secret": "whsec_x", "name": "a"}
    )
    assert json.loads(entry.after) == {"apiKey": "•••", "webhook_secret": "•••", "name": "a"}


def test_text_that_the_database_refuses_is_made_fit(db) -> None:
    entry = log.record("run.started", target=("run", "x" * 99, "a\0b\ud800"), after={"text": "a\0b"})
    entry.refresh_from_db()
    assert entry.target_name == "ab?"
    assert len(entry.target_id) == 64


@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET note = 'x'", "DELETE FROM audit_entry"])
def test_the_database_refuses_a_change(trail, statement) -> None:
    with pytest.raises(DatabaseError, match="final"), transaction.atomic():
        sql(statement)


def test_an_untouched_trail_is_sound(trail) -> None:
    verdict = chain.verify()
    assert (verdict.count, verdict.head, verdict.broken) == (3, trail[-1].digest, None)


def test_the_first_altered_line_is_named(trail, unlocked) -> None:
    sql("UPDATE audit_entry SET note = 'forged' WHERE id = %s", trail[1].pk)
    verdict = chain.verify()
    assert (verdict.count, verdict.broken, verdict.reason) == (
        1,
        trail[1],
        "it was altered after it was written",
    )


def test_a_removed_line_shows_at_the_one_after_it(trail, unlocked) -> None:
    sql("DELETE FROM audit_entry WHERE id = %s", trail[1].pk)
    assert chain.verify().broken == trail[2]


def test_a_line_forged_with_a_right_digest_of_its_own_shows_at_the_next(trail, unlocked) -> None:
    forged = trail[1]
    forged.note = "forged"
    sql(
        "UPDATE audit_entry SET note = 'forged', digest = %s WHERE id = %s",
        forged.sealed(forged.previous),
        forged.pk,
    )
    assert chain.verify().broken == trail[2]


def test_the_command_names_the_line_and_fails(trail, unlocked, capsys) -> None:
    call_command("audit", "verify")
    assert "3 rows, all as written" in capsys.readouterr().out
    sql("UPDATE audit_entry SET actor = 'mallory' WHERE id = %s", trail[0].pk)
    with pytest.raises(CommandError, match=trail[0].key):
        call_command("audit", "verify")


def test_a_noted_digest_shows_that_the_end_was_cut_off(trail, unlocked) -> None:
    sql("DELETE FROM audit_entry WHERE id = %s", trail[2].pk)
    assert chain.verify().broken is None
    with pytest.raises(CommandError, match="cut off"):
        call_command("audit", "verify", head=trail[2].digest)


def test_what_someone_did_outlives_them(trail, admin) -> None:
    admin.delete()
    assert Entry.objects.filter(actor="admin").count() == 3
