"""`manage.py backup FILE`: database and stored files in one archive, while everything runs."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError

from audit import log
from config import archive, home
from config.services import NotReady


class Command(BaseCommand):
    """Write a backup."""

    help = "Write database and stored files to one archive. The key ring is not in it: keep that apart."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file to write."""
        parser.add_argument("file", type=Path, help="the archive, for example switchboard.tar")

    def handle(self, *, file: Path, **_: Any) -> None:
        """Write the archive and say where it is and what is not in it."""
        try:
            with archive.database():
                log.record("backup.made", target=("backup", "", file.name))
                archive.write(file.resolve())
        except (NotReady, home.Unusable, OperationalError, OSError) as error:
            raise CommandError(f"No backup was written: {error}") from None
        size = file.stat().st_size / 1e6
        self.stdout.write(
            f"{file}: {size:,.1f} MB. The key ring is not in it: keep a copy of it somewhere else."
        )
