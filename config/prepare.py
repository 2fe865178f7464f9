"""Brings the database and the collected static files up to this version of the code, when they are not."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from config import rights
from connections import keys
from webhooks import partitions

# Of Tabler's 900 files the pages use a handful; the rest would cost seconds of hashing and compressing.
UNUSED = (
    "*.map",
    "*.rtl.*",
    "*.esm.*",
    "tabler-*.css",
    "flags",
    "payments",
    "social",
    "libs",
    "types",
    "*.cjs.js",
)


def database() -> int:
    """Apply the migrations that are missing, without the time limits of pages; return how many there were."""
    pending = pending_migrations()
    if pending:
        with connection.cursor() as cursor:
            # The limits of a page are too short to rewrite a table; a lock that is not to be had fails soon.
            cursor.execute("SET statement_timeout = 0; SET lock_timeout = '10s'")
        call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    partitions.extend(datetime.now(UTC))
    rights.grant()
    keys.plant()
    return len(pending)


def pending_migrations() -> list[str]:
    """Return the migrations that this database lacks: `webhooks.0002_partitions`."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def static_files() -> None:
    """Collect, hash and compress the static files, unless those collected last are the same."""
    if not settings.COLLECT_STATIC:
        return
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    now = _fingerprint()
    if stamp.exists() and stamp.read_text() == now:
        return
    ignored = list(UNUSED)
    call_command("collectstatic", verbosity=0, interactive=False, clear=True, ignore_patterns=ignored)
    stamp.write_text(now)


def _fingerprint() -> str:
    digest = hashlib.sha256(repr([app.name for app in apps.get_app_configs()]).encode())
    for finder in get_finders():
        for name, storage in finder.list(list(UNUSED)):
            state = Path(storage.path(name)).stat()
            digest.update(f"{name} {state.st_size} {state.st_mtime_ns}\n".encode())
    return digest.hexdigest()
