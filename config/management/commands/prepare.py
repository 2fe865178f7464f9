"""`manage.py prepare`: brings database and static files up to this version, before web and worker start."""

from typing import Any

from django.core.management.base import BaseCommand

from config import prepare


class Command(BaseCommand):
    """Migrate and collect."""

    help = "Bring the database and the collected static files up to this version of the code."
    requires_system_checks = ()

    def handle(self, **_: Any) -> None:
        """Apply what is missing and say what was done."""
        pending = prepare.pending_migrations()
        prepare.database()
        prepare.static_files()
        self.stdout.write(f"Ready: {len(pending)} migrations applied, static files collected.")
