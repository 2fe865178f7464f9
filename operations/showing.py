"""What the page of a run shows, gathered so that its template only lays it out."""

from datetime import UTC, datetime
from typing import Any

import orjson
from django.utils import timezone

from definitions import catalog, selectors
from definitions.schema import Operation
from operations import vectors, versions
from operations.models import Answer, Policy, Run, State, StoredFile
from operations.sink import is_textual

TREE_LIMIT = 1 << 20  # bytes of JSON drawn as a tree; beyond it the raw text and the download remain
VECTORS = 20  # drawn on one page
EARLIEST, LATEST = 1e9, 1e10  # seconds since 1970: 2001 to 2286
MEDIA = {"audio": "audio", "image": "image", "video": "video"}


def shown(run: Run) -> dict[str, Any]:
    """Return the template's context for this run."""
    answer = Answer.objects.select_related("file").filter(run=run).first()
    files = list(StoredFile.objects.filter(run=run).exclude(kind="upload").order_by("id"))
    fields = fields_of(run)
    telling = next(
        (one for one in fields if len(str(one["value"])) > 80 and isinstance(one["value"], str)), None
    )
    return {
        "telling": telling,
        "run": run,
        "operation": operation_of(run),
        "answer": answer,
        "text": text_of(answer),
        "document": document_of(answer),
        "fields": [one for one in fields if one is not telling and not vectors.is_drawn(one["value"])],
        "columns": columns_of(run),
        "files": [(file, media(file)) for file in files],
        "attempts": run.attempts.all(),  # read by the two tabs that show them
        "changes": versions.changes(run, operation_of(run)),
        "held": held(run),
        "heard": heard(run),
        "vectors": drawn(run),
    }


def operation_of(run: Run) -> Operation | None:
    """Return the operation as it is defined now, or None."""
    try:
        return catalog.operation(run.service, run.operation_key)
    except LookupError:
        return None


def next_values(run: Run, document: Any) -> dict[str, Any] | None:
    """Return what asks for the next page of a list, or None."""
    operation = operation_of(run)
    if operation is None or not operation.is_list or document is None:
        return None
    return selectors.next_values(operation, document, run.inputs)


def held(run: Run) -> Policy | None:
    """Return the limits that hold this queued run back now, if any."""
    if run.state != State.QUEUED:
        return None
    return Policy.objects.filter(connection=run.connection, not_before__gt=timezone.now()).first()


def heard(run: Run) -> list[tuple[int, dict[str, Any]]]:
    """Return the recordings that were handed in, to be played beside what came of them."""
    kept = [one for files in run.uploads.values() for one in files]
    return [(number, one) for number, one in enumerate(kept) if one["content_type"].startswith("audio/")]


def drawn(run: Run) -> list[tuple[int, str, list[float]]]:
    """Return (length, polyline, first values) of the vectors in an answer, at most VECTORS."""
    if not any(vectors.is_vector(value) for value in (run.fields or {}).values()):
        return []
    return [(len(one), vectors.points(one), one[:5]) for one in vectors.of(run)[:VECTORS]]


def text_of(answer: Answer | None) -> str | None:
    """Return the shown part of an answer as text, or None when it is no text."""
    if answer is None or not is_textual(answer.content_type):
        return None
    return bytes(answer.body).decode("utf-8", "replace")


def document_of(answer: Answer | None, limit: int | None = TREE_LIMIT) -> Any:
    """Return the parsed answer for the tree, or None when it is no JSON or too long to be read as one."""
    if answer is None or answer.truncated or (limit and answer.size > limit) or text_of(answer) is None:
        return None
    try:
        return orjson.loads(answer.file.full_path.read_bytes() if answer.file else bytes(answer.body))
    except (ValueError, OSError):
        return None


def fields_of(run: Run) -> list[dict[str, Any]]:
    """Return the picked fields in the definition's order, each with its value and what it means."""
    operation = operation_of(run)
    known = {field.name: field.description for field in operation.fields} if operation else {}
    values = run.fields or {}
    order = [*(name for name in known if name in values), *(name for name in values if name not in known)]
    return [
        {
            "name": name,
            "value": values[name],
            "moment": moment(name, values[name]),
            "description": known.get(name, ""),
            "file": _file(values[name]),
        }
        for name in order
    ]


def moment(name: str, value: Any) -> datetime | None:
    """Return the time that a field tells in seconds since 1970, or None when it tells no time."""
    tells = name == "created" or name.endswith("_at")
    is_time = isinstance(value, int | float) and EARLIEST < value < LATEST
    return datetime.fromtimestamp(value, UTC) if tells and is_time else None


def columns_of(run: Run) -> list[str]:
    """Return the columns that a list's items fill, in the definition's order."""
    operation = operation_of(run)
    present = {name for item in run.items or () for name in item}
    order = [field.name for field in operation.fields] if operation else []
    return [name for name in order if name in present] + sorted(present - set(order))


def media(file: StoredFile) -> str:
    """Return how a browser can show a file: audio, image, video or ""."""
    return MEDIA.get(file.content_type.partition("/")[0], "")


def _file(value: Any) -> dict[str, Any] | None:
    return value if isinstance(value, dict) and str(value.get("file", "")).startswith("file_") else None
