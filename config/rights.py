"""What the application's database role may do: read and write rows, and of the audit trail only add (T34).

Two roles: the owner migrates (`prepare`, `restore`), the application's runs web, worker and everything else.
The application's role owns nothing, so it can neither take the guard off the trail nor make or drop a table.
"""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from psycopg import sql

from audit.guard import CHANGES

FINAL = ("audit_entry",)  # rows are added and never change
READ_ONLY = ("django_migrations",)
OWN_FUNCTIONS = "webhooks_partition_%"  # run by the owner's right, for partitions only

GRANTS = (
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    "REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC",
    "GRANT USAGE ON SCHEMA public TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {role}",
)
LACKING = """
SELECT EXISTS (
    SELECT 1 FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
    AND NOT has_table_privilege(%(role)s, oid, 'SELECT')
) OR EXISTS (
    SELECT 1 FROM pg_proc WHERE proname LIKE %(functions)s
    AND NOT has_function_privilege(%(role)s, oid, 'EXECUTE')
) OR has_table_privilege(%(role)s, 'audit_entry', %(changes)s)
"""


def become_owner() -> None:
    """Let this process connect as the owner: tests and measuring programs empty and drop tables."""
    connection.close()
    settings.DATABASES["default"].update(
        {name: settings.DATABASE_OWNER[name] for name in ("USER", "PASSWORD")}
    )


def grant() -> bool:
    """Give the application's role its rights where it lacks some; return whether there was anything to do.

    The connection must be the owner's. With one role for both there is nothing to give.
    """
    role = settings.DATABASE_APPLICATION["USER"]
    if role == settings.DATABASE_OWNER["USER"] or not _lacking(role):
        return False
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('config.rights'))")
        for statement in _statements(cursor, role):
            cursor.execute(statement)
    return True


def _lacking(role: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(LACKING, {"role": role, "functions": OWN_FUNCTIONS, "changes": CHANGES})
        return bool(cursor.fetchone()[0])


def _statements(cursor: Any, role: str) -> Iterator[sql.Composed]:
    names = {"role": sql.Identifier(role), "database": sql.Identifier(connection.settings_dict["NAME"])}
    for text in GRANTS:
        yield sql.SQL(text).format(**names)
    for table, rights in [
        *((one, CHANGES) for one in FINAL),
        *((one, "INSERT, " + CHANGES) for one in READ_ONLY),
    ]:
        words = {"rights": sql.SQL(rights), "table": sql.Identifier(table), **names}
        yield sql.SQL("REVOKE {rights} ON {table} FROM {role}").format(**words)
    cursor.execute("SELECT oid::regprocedure::text FROM pg_proc WHERE proname LIKE %s", [OWN_FUNCTIONS])
    for (function,) in cursor.fetchall():
        yield sql.SQL("GRANT EXECUTE ON FUNCTION {} TO {role}").format(sql.SQL(function), **names)
