"""Programs that measure Switchboard against the machine's limits and print ratios; never part of a test run.

Importing the package gives its process a home of its own below the temporary folder, where seeded
databases stay
from one run to the next, and sets Django up. A program that was told its settings keeps them.
"""

import os
import tempfile
from pathlib import Path

import django

ROOT = Path(
    os.environ.get("SWITCHBOARD_BENCHMARKS")
    or Path(tempfile.gettempdir()) / f"switchboard-benchmarks-{os.getuid()}"
)
ELSEWHERE = (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "CELERY_BROKER_URL",
    "SECRET_KEY",
    "DEBUG",
    "ALLOWED_HOSTS",
)

if "DJANGO_SETTINGS_MODULE" not in os.environ:
    for name in [name for name in os.environ if name.startswith("SWITCHBOARD_") or name in ELSEWHERE]:
        del os.environ[name]
    os.environ["SWITCHBOARD_BENCHMARKS"] = str(ROOT)
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SWITCHBOARD_HOME": str(ROOT),
        "SWITCHBOARD_LOG_LEVEL": "ERROR",
        "SWITCHBOARD_COLLECT_STATIC": "false",
    }
    django.setup()
    from config import rights

    rights.become_owner()  # seeding makes, fills and drops tables
