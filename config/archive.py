"""A backup is one tar file: the database's dump and the stored files. The key ring is never in it."""

import io
import json
import os
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.db import connection

from config import home
from config.services import NotReady, Postgres, postgres_binary

FORMAT = 1
LABEL, DUMP, FILES = "switchboard.json", "database.dump", "files"
# Sessions let a thief of the backup in, and the cache is worth nothing.
LEFT_OUT = ("django_session", "usersessions_usersession", "cache")


@contextmanager
def database() -> Iterator[None]:
    """Have a database to talk to: the one that runs, or the embedded one for as long as this takes."""
    if not settings.EMBEDDED_DATABASE or settings.UP:
        yield
        return
    with home.claim(settings.HOME):
        server = Postgres(settings.HOME)
        server.start()
        try:
            server.create_database()
            yield
        finally:
            connection.close()
            server.stop()


def write(path: Path) -> dict[str, Any]:
    """Write a backup to `path`, readable by its owner only, and return its label. Raises NotReady."""
    part = path.with_name(path.name + ".part")
    label = {"format": FORMAT, "made_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        dump = Path(folder) / DUMP
        left_out = [f"--exclude-table-data={table}" for table in LEFT_OUT]
        _tool("pg_dump", "--format=custom", "--no-owner", "--no-acl", f"--file={dump}", *left_out)
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            _pack(file, dump, label)
    part.replace(path)
    return label


def label_of(path: Path) -> dict[str, Any]:
    """Return the label of a backup. Raises NotReady when the file is none, or one of a later format."""
    try:
        with tarfile.open(path) as archive:
            found = archive.extractfile(LABEL)
            label: dict[str, Any] = json.load(found) if found else {}
    except (OSError, KeyError, ValueError, tarfile.TarError) as error:
        raise NotReady(f"{path} is no backup of Switchboard: {error}") from None
    if label.get("format") != FORMAT:
        raise NotReady(f"{path} was made by another version of Switchboard: use that one to restore it.")
    return label


def read(path: Path) -> None:
    """Replace the database and the stored files by those of a backup. Raises NotReady."""
    with tempfile.TemporaryDirectory(dir=settings.HOME) as folder, tarfile.open(path) as archive:
        archive.extractall(folder, _harmless(archive, path))  # noqa: S202
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0; DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        connection.close()
        _tool(
            "pg_restore",
            "--no-owner",
            "--no-acl",
            "--exit-on-error",
            f"--dbname={_name()}",
            str(Path(folder) / DUMP),
        )
        _put_files(Path(folder) / FILES)


def _harmless(archive: tarfile.TarFile, path: Path) -> Iterator[tarfile.TarInfo]:
    """Yield what a backup holds. Raises NotReady at what would lie elsewhere, at a link and at a device.

    `extractall` itself refuses these only from Python 3.11.4 on; Debian 12 has 3.11.2.
    """
    archive.extraction_filter = getattr(tarfile, "data_filter", None)
    for member in archive:
        parts = PurePosixPath(member.name).parts
        if not (member.isreg() or member.isdir()) or parts[:1] == ("/",) or ".." in parts:
            raise NotReady(
                f"{path} holds “{member.name}”, which no backup of Switchboard does. Nothing was changed."
            )
        yield member


def _put_files(found: Path) -> None:
    root = Path(settings.FILES_ROOT)
    if root.exists():
        root.rename(root.with_name(f"{root.name}.before-{int(time.time())}"))
    if found.exists():
        found.rename(root)


def _pack(file: io.BufferedWriter, dump: Path, label: dict[str, Any]) -> None:
    with tarfile.open(fileobj=file, mode="w") as archive:
        text = json.dumps(label).encode()
        about = tarfile.TarInfo(LABEL)
        about.size, about.mtime = len(text), int(time.time())
        archive.addfile(about, io.BytesIO(text))
        archive.add(dump, DUMP)
        if Path(settings.FILES_ROOT).exists():
            archive.add(settings.FILES_ROOT, FILES)


def _tool(name: str, *arguments: str) -> None:
    given = connection.settings_dict
    where = {"PGHOST": given["HOST"], "PGPORT": given["PORT"], "PGUSER": given["USER"]}
    told = {**where, "PGPASSWORD": given["PASSWORD"], "PGDATABASE": _name()}
    done = subprocess.run(  # noqa: S603  our own program, its words are ours
        [str(postgres_binary(name)), *arguments],
        env={**os.environ, **{key: str(value) for key, value in told.items() if value}},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NotReady(f"{name} failed: {' '.join(done.stderr.split())[:500]}")


def _name() -> str:
    return str(connection.settings_dict["NAME"])
