#!/usr/bin/env python
"""Switchboard's command line: every command of the house starts here."""

import os
import sys
from pathlib import Path

from config import home

OWNERS = ("prepare", "migrate", "restore", "createcachetable", "flush")  # what the tables' owner does


def main() -> None:
    """Run the command named on the command line; what keeps it from starting is one sentence."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ["SWITCHBOARD_AS_OWNER"] = str(sys.argv[1:2] != [] and sys.argv[1] in OWNERS)
    try:
        if sys.argv[1:2] == ["up"]:
            home.keep_bytecode(home.folder(Path(__file__).parent))
            from config import up

            sys.exit(up.main(sys.argv[2:]))
        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)
    except ModuleNotFoundError as error:
        sys.exit(
            f"The Python module {error.name} is missing: run bin/sync, then .venv/bin/python manage.py …"
        )
    except home.Unusable as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
