"""`manage.py audit verify`: is the audit trail what was written?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit import chain


class Command(BaseCommand):
    """Walks the audit trail and names the first row that is not as it was written."""

    help = "Check the audit trail's chain of digests (audit verify)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the word `verify`, and optionally the digest that the last row had when you wrote it down."""
        parser.add_argument("what", choices=["verify"])
        parser.add_argument(
            "--head", default="", help="the last digest as you noted it: it must still be in the trail"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the count and the last digest; exit 1 with the first bad row."""
        verdict = chain.verify()
        if verdict.broken:
            row = verdict.broken
            raise CommandError(
                f"Row {row.key} ({row.at:%Y-%m-%d %H:%M:%S} UTC, {row}): {verdict.reason}."
                f" {verdict.count} rows before it are sound."
            )
        if options["head"] and not chain.holds(options["head"]):
            raise CommandError(
                "The digest that you noted is not in the trail: its end was cut off or written anew."
            )
        self.stdout.write(f"{verdict.count} rows, all as written. Last digest: {verdict.head or 'none'}")
