"""A plain asynchronous connection to the database, for what must never borrow one of Django's."""

from collections.abc import Awaitable, Callable
from typing import Any

from django.db import connections
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

Connect = Callable[[str], Awaitable[AsyncConnection[TupleRow]]]
PASSED_ON = (
    "connect_timeout",
    "options",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "service",
    "passfile",
)


async def connect(name: str) -> AsyncConnection[TupleRow]:
    """Return a new autocommitting connection to Django's database, called `name` in pg_stat_activity.

    Raises psycopg.OperationalError when the database does not answer within its connect timeout (3 s).
    """
    return await AsyncConnection.connect(
        autocommit=True, application_name=f"switchboard {name}", **_parameters()
    )


def _parameters() -> dict[str, Any]:
    """Django's own settings in libpq's words; read at each connect because a test renames the database."""
    database = connections["default"].settings_dict
    named = {
        "dbname": database["NAME"],
        "user": database["USER"],
        "password": database["PASSWORD"],
        "host": database["HOST"],
        "port": database["PORT"],
    }
    options = {key: database["OPTIONS"][key] for key in PASSED_ON if key in database["OPTIONS"]}
    return {key: value for key, value in {**named, **options}.items() if value != ""}
