"""Runs `manage.py prepare` for `manage.py up`: before the web process after an upgrade, else beside it."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from config import processes
from config.services import NotReady, last_words


def run(home: Path, base: Path, environment: Mapping[str, str], *, meanwhile: Callable[[], None]) -> str:
    """Prepare the database and the static files, and call `meanwhile` as soon as the web process may start.

    Nothing changed since the last time: both run at once, which halves the start. Return the one-time link
    for the first person, or "". Raises NotReady with the reason.
    """
    stamp, now = home / "run" / "prepared", _state_of(base)
    known = stamp.exists() and stamp.read_text() == now
    log = home / "log" / "prepare.log"
    # Django's checks import every page, a second on two busy cores; nothing that they look at has changed.
    command = [sys.executable, "manage.py", "prepare", "--json", *(["--skip-checks"] if known else [])]
    process = processes.spawn(command, log=log, folder=base, environment=environment, output=subprocess.PIPE)
    if known:
        meanwhile()
    answer, _ = process.communicate()
    if process.returncode:
        raise NotReady(f"The database could not be prepared: {last_words(log)} (see {log})")
    if not known:
        stamp.write_text(now)
        meanwhile()
    link: str = json.loads(answer)["welcome"] or ""
    return link


def _state_of(base: Path) -> str:
    digest = hashlib.sha256(os.environ.get("DATABASE_URL", "").encode())
    for path in _what_matters(base):
        state = path.stat()
        digest.update(f"{path.relative_to(base)} {state.st_size} {state.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _what_matters(base: Path) -> Iterator[Path]:
    yield from sorted(base.glob("*/migrations/*.py"))
    yield from sorted(path for path in base.glob("static/**/*") if path.is_file())
    # The last two decide what is collected: a page must not be served while static files are replaced.
    named = ("package-lock.json", "requirements/run.txt", "config/settings.py", "config/prepare.py")
    yield from (path for path in map(base.joinpath, named) if path.exists())
