"""What a form shows besides its fields: the request before it goes out, whom it hits, and what was asked
lately."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.forms.boundfield import BoundField
from django.utils.http import urlencode
from django.utils.translation import gettext

from connections.models import Connection, Locked
from definitions.forms import AS_JSON, CLEAR, PlaceholderForm
from definitions.schema import Operation, Placeholder
from operations import actions, pickers
from operations.build import FileRef
from operations.forms import Asking, shareable
from operations.models import Origin, Run
from operations.preparing import NotReady, prepare
from people.models import Person

RECENT = 5  # former runs beside the form


@dataclass(frozen=True, slots=True)
class Preview:
    """A request as it would go out, secrets masked, and three ways to send it from elsewhere."""

    request: dict[str, Any]
    curl: str
    python: str
    command: str
    link: str  # the address of this form, filled with the values that fit into one
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One field of the form with its extra boxes, its picker and the file that it would keep."""

    field: BoundField
    extras: tuple[BoundField, ...]
    placeholder: Placeholder
    kept: tuple[dict[str, Any], ...] = ()
    asks: bool = False  # the box should fetch its choices by itself


def preview(
    connection: Connection | None, operation: Operation, values: Mapping[str, Any], action: str
) -> Preview:
    """Return what these values would send. The problem is a sentence when they would send nothing."""
    if connection is None:
        return Preview({}, "", "", "", "", gettext("Choose a connection first."))
    try:
        composed = actions.composed(connection.service, action, values)
        request = prepare(connection, operation.key, composed).masked
    except (NotReady, Locked, LookupError) as error:
        return Preview({}, "", "", "", "", str(error))
    link = urlencode({"connection": connection.pk, **shareable(values)}, doseq=True)
    said = command(connection, operation, composed)
    return Preview(request, curl(request), python(request), said, f"?{link}")


def curl(request: Mapping[str, Any]) -> str:
    """Return the request as a cURL command; the masked key is to be put in."""
    parts = [f"curl -X {request['method']} {shlex.quote(request['url'])}"]
    parts += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in request["headers"].items()]
    if _is_form(request):
        parts += [f"-F {shlex.quote(f'{name}={value}')}" for name, value in (request["body"] or {}).items()]
        parts += [
            f"-F {shlex.quote('{}=@{}'.format(file['name'], file['filename']))}" for file in request["files"]
        ]
    elif request["body"] is not None:
        parts.append(f"--data {shlex.quote(_json(request['body']))}")
    return " \\\n  ".join(parts)


def python(request: Mapping[str, Any]) -> str:
    """Return the request as Python with httpx; the masked key is to be put in."""
    lines = [
        "import httpx",
        "",
        "answer = httpx.request(",
        f"    {request['method']!r},",
        f"    {request['url']!r},",
    ]
    lines.append(f"    headers={request['headers']!r},")
    if _is_form(request):
        files = ", ".join(
            f"({file['name']!r}, open({file['filename']!r}, 'rb'))" for file in request["files"]
        )
        lines += [f"    data={request['body'] or {}!r},", f"    files=[{files}],"]
    elif request["body"] is not None:
        lines.append(f"    json={request['body']!r},")
    return "\n".join([*lines, "    timeout=600,", ")", "print(answer.status_code, answer.text)"])


def command(connection: Connection, operation: Operation, values: Mapping[str, Any]) -> str:
    """Return the same run for the command line of this product."""
    words = ["manage.py", "run", connection.name, operation.key]
    for name, value in values.items():
        for one in (
            value if isinstance(value, list) and any(isinstance(x, FileRef) for x in value) else [value]
        ):
            words += _option(name, one)
    return shlex.join(words)


def victim(operation: Operation, values: Mapping[str, Any]) -> str:
    """Return the name of what a destructive operation hits; the operation's own name when it hits no single
    thing."""
    return str(values.get(operation.names_object) or operation.key)


def laid_out(
    form: PlaceholderForm, asking: Asking, connection: Connection | None, before: Run | None
) -> tuple[list[Row], list[Row]]:
    """Return the rows of the form: those that are required, and those that may be left."""
    rows = [_row(form, placeholder, connection, before) for placeholder in asking.placeholders]
    first = [row for row in rows if row.placeholder.required or asking.action is not None]
    return first, [row for row in rows if row not in first]


def recent(person: Person, connection: Connection | None, operation: Operation, action: str) -> list[Run]:
    """Return the last runs of this form, to be opened again."""
    if connection is None:
        return []
    mine = Run.objects.for_user(person).filter(connection=connection, action=action)
    mine = mine.filter(resource=operation.resource, operation=operation.name)
    return list(mine.exclude(origin__in=[Origin.PICKER, Origin.TEST]).rows().latest_first()[:RECENT])


def _row(
    form: PlaceholderForm, placeholder: Placeholder, connection: Connection | None, before: Run | None
) -> Row:
    extras = tuple(
        form[prefix + placeholder.name]
        for prefix in (AS_JSON, CLEAR)
        if prefix + placeholder.name in form.fields
    )
    kept = tuple(before.uploads.get(placeholder.name, ())) if before else ()
    asks = bool(
        placeholder.picker and connection and pickers.is_stale(pickers.latest(connection, placeholder.picker))
    )
    return Row(form[placeholder.name], extras, placeholder, kept, asks)


def _option(name: str, value: Any) -> list[str]:
    if isinstance(value, FileRef):
        return ["--set-file", f"{name}={value.filename}"]
    if value in ("", []):
        return []
    return ["--set", f"{name}={value if isinstance(value, str) else _json(value)}"]


def _is_form(request: Mapping[str, Any]) -> bool:
    return bool(request["files"]) or not any(name.lower() == "content-type" for name in request["headers"])


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
