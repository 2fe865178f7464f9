"""`manage.py lint PATH`: print what is wrong with a definition, one finding a line."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from definitions.lint import lint


class Command(BaseCommand):
    """Print findings as `file:place: message`; exit 1 when there are any, 2 when PATH is no definition."""

    help = "Check the definition in a folder (service.json and what stands beside it)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the folder, and optionally an overlay that stands elsewhere."""
        parser.add_argument("path", type=Path, help="folder with service.json, or service.json itself")
        parser.add_argument("--openapi", type=Path, help="vendor's OpenAPI document (JSON) to compare with")
        parser.add_argument(
            "--overlay", type=Path, help="corrections to lay over it instead of its own overlay.json"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the findings and leave with the exit code."""
        path: Path = options["path"]
        folder = path.parent if path.is_file() else path
        if not (folder / "service.json").is_file():
            raise CommandError(f"There is no service.json in {folder}.", returncode=2)
        findings = lint(folder, options["overlay"], options["openapi"])
        for finding in findings:
            self.stdout.write(str(finding))
        sys.exit(1 if findings else 0)
