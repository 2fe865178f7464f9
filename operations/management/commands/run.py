"""`manage.py run CONNECTION RESOURCE.OPERATION`: run an operation in this process, through the worker's own
code."""

import json
import mimetypes
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError
from django.utils import timezone

from connections.models import Connection, Locked
from definitions.schema import Operation, Placeholder
from operations import build, runs, uploads
from operations.models import Answer, Origin, Run, State
from operations.preparing import NotReady, prepare

BAD_INPUT, NOT_GOOD = 2, 1  # exit codes; 0 is success
DATABASE_DOWN = "The database cannot be reached: start Switchboard with `make run`, or set DATABASE_URL."


class Command(BaseCommand):
    """Run one operation and print one JSON object."""

    help = (
        "Run an operation through a connection; prints one JSON object. Exit 0 succeeded, 1 not, 2 bad input."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what the command takes."""
        parser.add_argument("connection", help="the connection's name")
        parser.add_argument("operation", help="resource.operation, for example batches.list")
        parser.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="name=value",
            help="one value; JSON where it is asked for",
        )
        parser.add_argument(
            "--set-file",
            action="append",
            default=[],
            metavar="name=path",
            help="a file to send, or to read text from",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="print the request, secrets masked, and send nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run it. Raises CommandError with exit code 2 for bad input."""
        try:
            self._run(options)
        except OperationalError:
            raise CommandError(DATABASE_DOWN, returncode=BAD_INPUT) from None
        except build.InputErrors as error:
            lines = "\n".join(f"{name}: {sentence}" for name, sentence in error.errors.items())
            raise CommandError(lines, returncode=BAD_INPUT) from None
        except (NotReady, Locked, LookupError) as error:
            raise CommandError(str(error), returncode=BAD_INPUT) from None

    def _run(self, options: dict[str, Any]) -> None:
        connection, operation = _found(options["connection"], options["operation"])
        values = _values(operation, options["set"], options["set_file"], dry=options["dry_run"])
        if options["dry_run"]:
            self._print(prepare(connection, operation.key, values).masked)
            return
        run = runs.start(connection, operation.key, values, origin=Origin.COMMAND, wake_up=False)
        done = _executed(run)
        self._print(described(done))
        if done.state != State.SUCCEEDED:
            sys.exit(NOT_GOOD)

    def _print(self, document: dict[str, Any]) -> None:
        self.stdout.write(json.dumps(document, ensure_ascii=False, default=str))


def _executed(run: Run) -> Run:
    """Execute the run, and again when a retry is due, as a worker would."""
    done = runs.execute(run.id) or Run.objects.get(id=run.id)
    while done.state == State.WAITING and done.next_try_at is not None:
        time.sleep(max(0.0, (done.next_try_at - timezone.now()).total_seconds()))
        done = runs.execute(run.id) or Run.objects.get(id=run.id)
    return done


def described(run: Run) -> dict[str, Any]:
    """Return what scripts read of a run; `file` is where bytes were stored."""
    answer = Answer.objects.select_related("file").filter(run=run).first()
    return {
        "id": run.ref,
        "state": run.state,
        "status": run.status,
        "fields": run.fields,
        "items": run.items,
        "error": run.error or None,
        "file": str(answer.file.full_path) if answer and answer.file else None,
    }


def _found(name: str, key: str) -> tuple[Connection, Operation]:
    connection = Connection.objects.filter(name=name).first()
    if connection is None:
        known = (
            ", ".join(Connection.objects.values_list("name", flat=True))
            or "none; make one with `manage.py connect`"
        )
        raise CommandError(f"There is no connection “{name}”. Known are: {known}.", returncode=BAD_INPUT)
    operation = connection.definition.operation(key)
    if operation is None:
        raise CommandError(f"{connection.service} has no operation {key}.", returncode=BAD_INPUT)
    return connection, operation


def _values(operation: Operation, texts: list[str], files: list[str], *, dry: bool) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for text in texts:
        name, value = _pair(text)
        _add(values, name, _typed(operation.placeholder(name), value), operation)
    for text in files:
        name, path = _pair(text)
        _add(values, name, _file(operation.placeholder(name), name, Path(path), dry=dry), operation)
    return values


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise CommandError(f"Write name=value, not {text[:60]!r}.", returncode=BAD_INPUT)
    return name, value


def _add(values: dict[str, Any], name: str, value: Any, operation: Operation) -> None:
    """The same name again makes a list of what takes several values; else the last one counts."""
    placeholder = operation.placeholder(name)
    if name in values and placeholder is not None and placeholder.multiple:
        former = values[name]
        values[name] = [*(former if isinstance(former, list) else [former]), value]
    else:
        values[name] = value


def _typed(placeholder: Placeholder | None, value: str) -> Any:
    """Read a text as JSON where only JSON fits; `null` clears what can be cleared."""
    if placeholder is not None and placeholder.clearable and value == "null":
        return None
    return value


def _file(placeholder: Placeholder | None, name: str, path: Path, *, dry: bool) -> Any:
    try:
        if placeholder is not None and placeholder.type != "File":
            return path.read_text()
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        if dry:
            return build.FileRef(str(path), path.name, kind, path.stat().st_size)
        return uploads.keep_path(path, kind)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise build.InputErrors({name: f"{path} cannot be read: {reason}."}) from None
