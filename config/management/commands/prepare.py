"""`manage.py prepare`: brings database and static files up to this version, before web and worker start."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, OperationalError

from config import prepare
from connections.crypto import KeyRingError
from people import invitations


class Command(BaseCommand):
    """Check, migrate and collect."""

    help = "Bring the database and the collected static files up to this version of the code."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the form of the answer."""
        parser.add_argument("--only", choices=["database", "static"], help="one of the two, for images")
        parser.add_argument("--json", action="store_true", help="answer as JSON, for `manage.py up`")

    def handle(self, *, json: bool, only: str | None, **_: Any) -> None:
        """Apply what is missing; say what was done, and the link for the first person while there is none."""
        if only != "database":
            prepare.static_files()
        if only != "static":
            self.stdout.write(_database(as_json=json))


def _database(*, as_json: bool) -> str:
    try:
        applied = prepare.database()
    except OperationalError as error:
        raise CommandError(f"The database does not answer: {_sentence(error)}") from None
    except KeyRingError as error:
        raise CommandError(f"The key ring cannot be used: {error}") from None
    except DatabaseError as error:
        raise CommandError(f"A migration failed, nothing of it was kept: {_sentence(error)}") from error
    return _told(applied, invitations.first_link(), as_json=as_json)


def _told(applied: int, welcome: str | None, *, as_json: bool) -> str:
    if as_json:
        return json.dumps({"migrations": applied, "welcome": welcome})
    link = f" Set up the first account: {welcome}" if welcome else ""
    return f"Ready: {applied} migrations applied.{link}"


def _sentence(error: Exception) -> str:
    return " ".join(str(error).split())
