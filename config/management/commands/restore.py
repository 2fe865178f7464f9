"""`manage.py restore FILE`: a backup becomes this copy's data; an admin then says when to go on."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error, connection

from config import archive, home, prepare, restored
from config.services import NotReady
from connections import keys


class Command(BaseCommand):
    """Read a backup."""

    help = "Replace this copy's database and stored files by a backup's. Stop web and workers first."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the archive and the consent to lose what is here."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--replace", action="store_true", help="throw away the data that this copy has")

    def handle(self, *, file: Path, replace: bool, **_: Any) -> None:
        """Restore, migrate, settle what was open, and say what an admin has to do."""
        try:
            settled, problems = _restore(file.resolve(), replace=replace)
        except (NotReady, home.Unusable, Error, OSError) as error:
            raise CommandError(f"Nothing was restored: {error}") from None
        self.stdout.write(
            f"Restored. Runs that may have been sent, unknown: {settled.unknown}; not sent, cancelled: "
            f"{settled.cancelled}; events held: {settled.held}; connections paused: {settled.paused}. "
            "An admin resumes each connection on its page."
        )
        for problem in problems:
            self.stdout.write(problem)


def _restore(file: Path, *, replace: bool) -> tuple[restored.Settled, list[str]]:
    archive.label_of(file)
    if settings.UP:
        raise NotReady("Switchboard runs: stop it first.")
    with archive.database():
        if not replace and _has_people():
            raise NotReady("this copy has data; --replace throws it away.")
        archive.read(file)
        prepare.database()
        return restored.settle(), list(keys.problems())


def _has_people() -> bool:
    tables = connection.introspection.table_names()
    if "people_person" not in tables:
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM people_person)")
        return bool(cursor.fetchone()[0])
