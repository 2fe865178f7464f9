"""Two database roles: the application's may add to the audit trail and change nothing of it (T34, S-34)."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.conf import settings
from django.core import checks
from django.db import connection, transaction

from audit import guard, log
from config import home, rights, services
from tests.boot import FAST
from webhooks import partitions
from webhooks.models import Event

ROOT = settings.BASE_DIR
DENIED = psycopg.errors.InsufficientPrivilege


@pytest.fixture
def as_application(transactional_db):
    """Let this test's own connection be the application's, as in web and worker."""
    role = settings.DATABASE_APPLICATION
    connection.close()
    connection.settings_dict.update(USER=role["USER"], PASSWORD=role["PASSWORD"])
    with transaction.atomic():
        yield connection
        transaction.set_rollback(True)
    rights.become_owner()


def refused(statement: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except Exception as error:
        return isinstance(error.__cause__, DENIED)
    return False


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET note = 'x'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        "ALTER TABLE audit_entry DISABLE TRIGGER USER",
        "ALTER TABLE audit_entry ADD COLUMN more text",
        "DROP TABLE audit_entry",
        "DROP TRIGGER audit_entry_final ON audit_entry",
        "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
        "CREATE TRIGGER mine BEFORE INSERT ON audit_entry EXECUTE FUNCTION audit_refuse()",
        "CREATE RULE mine AS ON INSERT TO audit_entry DO INSTEAD NOTHING",
        "DROP SCHEMA public CASCADE",
        "SET session_replication_role = replica",
        "INSERT INTO django_migrations (app, name, applied) VALUES ('audit', '0009', now())",
    ],
)
def test_the_application_cannot_touch_the_trail_nor_its_guard(as_application, statement):
    log.record("person.invited", note="stays")
    assert refused(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "CREATE TEMPORARY TABLE mine (id int)",
        "COPY audit_entry TO PROGRAM 'cat'",
        "SELECT pg_read_file('postgresql.conf')",
        "SET ROLE switchboard",
        "SET SESSION AUTHORIZATION switchboard",
        "ALTER ROLE switchboard_app SUPERUSER",
    ],
)
def test_the_application_has_no_other_way_out(as_application, statement):
    assert refused(statement)


def test_the_application_adds_to_the_trail_and_is_told_that_the_guard_holds(as_application):
    assert log.record("person.invited").pk
    assert guard.problems() == []


def test_one_role_for_everything_is_told_with_what_to_do(transactional_db):
    [problem] = guard.problems()
    assert "owns the audit trail" in problem
    assert "docs/deploying.md" in problem


def test_the_check_says_so(transactional_db):
    [warning] = checks.run_checks(tags=["database"], databases=["default"])
    assert warning.id == "audit.W001"


def test_rights_are_given_again_when_some_are_lacking(transactional_db):
    with connection.cursor() as cursor:
        cursor.execute("GRANT UPDATE ON audit_entry TO switchboard_app")
    assert rights.grant()
    assert not rights.grant()


def test_the_application_makes_and_drops_partitions_without_owning_them(as_application):
    now = datetime.now(UTC)
    partitions.extend(now)  # the tables may be a few minutes and a Monday old
    made = partitions.extend(now + timedelta(weeks=5))
    assert len(made) == 5
    later = now + timedelta(weeks=30)
    oldest = partitions.oldest(later)
    Event.objects.create(id=oldest.low)
    assert partitions.drop_oldest(later) == ""  # it holds an event
    Event.objects.all().delete()
    assert partitions.drop_oldest(later) == oldest.name


@pytest.mark.parametrize(
    "name", ["audit_entry", "webhooks_event_before; DROP TABLE audit_entry", "webhooks_event"]
)
def test_the_partition_functions_take_no_other_table(as_application, name):
    for call in (
        "webhooks_partition_drop('{}', '{{}}', '{{}}')",
        "webhooks_partition_rename('{}', 'webhooks_event_20990101')",
    ):
        assert refused("SELECT " + call.format(name))


def test_a_partition_that_still_holds_events_is_not_dropped(as_application):
    Event.objects.create()
    week = partitions.name(partitions.monday(datetime.now(UTC)))
    assert refused(f"SELECT webhooks_partition_drop('{week}', '{{}}', '{{}}')")


def test_the_documented_roles_of_a_foreign_server_hold(tmp_path):
    server = services.Postgres(tmp_path, FAST)
    server.start()
    try:
        passwords = {"DATABASE_OWNER_PASSWORD": "it's", "DATABASE_PASSWORD": "other"}
        where = {"PGHOST": str(home.sockets(tmp_path)), "PGUSER": "postgres"}
        psql = [services.postgres_binary("psql"), "--file", ROOT / "deploy/roles.sql", "postgres"]
        for _ in range(2):
            subprocess.run(psql, env=os.environ | where | passwords, check=True, capture_output=True)
        urls = {"DATABASE_URL": home.database_url(tmp_path), "DATABASE_OWNER_URL": home.owner_url(tmp_path)}
        for command in (["prepare", "--only", "database"], ["check", "--database=default"]):
            words = [sys.executable, "manage.py", *command]
            done = subprocess.run(words, env=os.environ | urls, cwd=ROOT, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
        assert "audit.W001" not in done.stderr
        with psycopg.connect(urls["DATABASE_URL"]) as application, pytest.raises(DENIED):
            application.execute("UPDATE audit_entry SET note = 'x'")
    finally:
        server.stop()
