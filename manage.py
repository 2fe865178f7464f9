#!/usr/bin/env python
"""Switchboard's command line: every command of the house starts here."""

import os
import sys

from config.home import Unusable


def main() -> None:
    """Run the command named on the command line; what keeps it from starting is one sentence."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        if sys.argv[1:2] == ["up"]:
            from config import up

            sys.exit(up.main(sys.argv[2:]))
        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)
    except ModuleNotFoundError as error:
        sys.exit(
            f"The Python module {error.name} is missing: run bin/sync, then .venv/bin/python manage.py …"
        )
    except Unusable as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
