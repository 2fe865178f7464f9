"""Reads an answer: parses it, picks the declared fields, and turns files in it into stored files."""

import base64
import binascii
import math
import mimetypes
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import orjson
from django.utils.translation import gettext_noop

from definitions import streams
from definitions.schema import Field, Operation
from definitions.selectors import MISSING, pick, picked
from operations.outbound import Reply
from operations.sink import is_textual

ITEM, ITEMS = gettext_noop("{number:,} item"), gettext_noop("{number:,} items")
ABSENT = object()  # the body is no JSON
Store = Callable[
    [bytes, str, str], dict[str, Any]
]  # bytes, content type, name -> how a field refers to the file


@dataclass(frozen=True, slots=True)
class Reading:
    """What an answer says: fields by name, those that are missing, items of a list, and one line for lists
    of runs."""

    fields: dict[str, Any]
    missing: tuple[str, ...] = ()
    items: list[dict[str, Any]] | None = None
    summary: str = ""
    object_id: str = ""


def document(reply: Reply, operation: Operation) -> Any:
    """Return the parsed body, or ABSENT when it is empty, cut or no JSON. A body on disk is read whole here
    only."""
    kind = reply.header("content-type").lower()
    if kind.startswith("text/event-stream") and operation.stream and not reply.truncated:
        return streams.whole(operation.stream, streams.Events().feed(_all(reply) + b"\n\n"))
    if (
        reply.truncated
        or not reply.size
        or ("json" not in kind and reply.body.lstrip()[:1] not in (b"{", b"["))
    ):
        return ABSENT
    try:
        return orjson.loads(_all(reply))
    except (ValueError, RecursionError):
        return ABSENT


def read(
    operation: Operation, reply: Reply, parsed: Any, store: Store, whole: dict[str, Any] | None = None
) -> Reading:
    """Return the fields of a good answer (rules F1 to F9).

    `store` keeps base64 files that stand in it; `whole` is how a field refers to the answer's own file."""
    if parsed is ABSENT:
        return _unparsed(operation, reply, whole)
    if operation.is_list and isinstance(elements := pick(parsed, operation.items), list):
        return _listed(operation, elements)
    found = picked(operation.fields, parsed)
    fields = {name: storable(value) for name, value in found.resolved.items()}
    for field in operation.fields:
        if field.encoding == "base64" and field.name in fields:
            fields[field.name] = _stored(parsed, field, store)
    reading = Reading(fields, found.missing, summary=_summary(fields), object_id=_id(fields))
    if operation.effect == "deletes" and isinstance(parsed, dict) and "deleted" in parsed:
        fields["deleted"] = storable(parsed["deleted"])
        return replace(reading, summary="deleted" if parsed["deleted"] else "not deleted")
    return reading


def _all(reply: Reply) -> bytes:
    return reply.path.read_bytes() if reply.path else reply.body


def storable(value: Any) -> Any:
    """Return a value as jsonb takes it: no NUL, no lone surrogate, no number that is none."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, list):
        return [storable(item) for item in value]
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    return value


def _listed(operation: Operation, elements: list[Any]) -> Reading:
    items = [storable(picked(operation.fields, element).resolved) for element in elements]
    return Reading({}, (), items, (ITEM if len(items) == 1 else ITEMS).format(number=len(items)))


def _unparsed(operation: Operation, reply: Reply, whole: dict[str, Any] | None) -> Reading:
    """An empty answer is success; text goes to the first text field; other bytes are the file itself (F3,
    O6, O7)."""
    kind = reply.header("content-type").split(";")[0].strip()
    if not reply.size:
        return Reading({}, summary=gettext_noop("done"))
    if not is_textual(kind) or operation.response_kind == "binary":
        fields = {field.name: whole for field in operation.fields if not field.selector} if whole else {}
        return Reading(
            fields,
            summary=gettext_noop("{kind}, {size:,} bytes").format(kind=kind or "bytes", size=reply.size),
        )
    first = next((field.name for field in operation.fields if field.type == "String"), None)
    text = storable(reply.body.decode("utf-8", "replace"))
    missing = tuple(field.name for field in operation.fields if field.name != first)
    return Reading({first: text} if first else {}, missing, summary=text[:200])


def _summary(fields: dict[str, Any]) -> str:
    """Return the longest short text: what an answer says tells more than its id."""
    texts = [
        value for name, value in fields.items() if isinstance(value, str) and name not in ("object", "id")
    ]
    best = max(texts, key=len, default=str(fields.get("id", "")))
    return " ".join(best.split())[:200]


def _id(fields: dict[str, Any]) -> str:
    value = fields.get("id")
    return value[:200] if isinstance(value, str) else ""


def _stored(parsed: Any, field: Field, store: Store) -> Any:
    value = pick(parsed, field.selector)
    many = value if isinstance(value, list) else [value]
    kept = [_decoded(text, field.name, store) for text in many]
    return kept if isinstance(value, list) else kept[0]


def _decoded(text: Any, name: str, store: Store) -> Any:
    if not isinstance(text, str) or text is MISSING:
        return text
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        return storable(text[:200])
    return store(data, sniffed(data), name)


SIGNATURES: Iterable[tuple[bytes, str]] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"RIFF", "image/webp"),
    (b"ID3", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"%PDF-", "application/pdf"),
)


def sniffed(data: bytes) -> str:
    """Return the type that the first bytes show; what is not known stays opaque."""
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return "audio/wav"
    return next((kind for start, kind in SIGNATURES if data.startswith(start)), "application/octet-stream")


def ending(content_type: str) -> str:
    """Return a file name's ending for a type: ".png", ".mp3", or ".bin" for what is not known."""
    known = {
        "audio/mpeg": ".mp3",
        "audio/wav": ".wav",
        "audio/x-wav": ".wav",
        "image/webp": ".webp",
        "application/jsonl": ".jsonl",
    }
    kind = content_type.split(";")[0].strip().lower()
    return known.get(kind) or mimetypes.guess_extension(kind) or ".bin"
