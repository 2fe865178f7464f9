"""Files of many rows, sent while they are read, in little memory, as CSV or JSON Lines."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar

import orjson
from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db.models import Model, QuerySet
from django.http import HttpRequest, StreamingHttpResponse

from audit import along, spreadsheet

BATCH = 1_000  # rows of one query
LINES = 500  # lines of one chunk

M = TypeVar("M", bound=Model)


def rows(queryset: QuerySet[M]) -> Iterator[M]:
    """Yield every row, newest first, by key in short queries: no cursor stays open."""
    queryset = along.newest(queryset)
    batch = list(queryset[:BATCH])
    while batch:
        yield from batch
        batch = list(queryset.filter(pk__lt=batch[-1].pk)[:BATCH])


def answer(
    request: HttpRequest, name: str, columns: Iterable[str], records: Iterable[Mapping[str, Any]]
) -> StreamingHttpResponse:
    """Send records as the file `name`, whose ending says the kind: .csv (safe in spreadsheets) or .jsonl."""
    write, content_type = KINDS[name.rpartition(".")[2]]
    lines = write(tuple(columns), records)
    # Under ASGI Django reads a plain iterator to its end before it sends a byte: give it an async one.
    content = _in_thread(lines) if isinstance(request, ASGIRequest) else lines
    response = StreamingHttpResponse(content, content_type=f"{content_type}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _csv(columns: tuple[str, ...], records: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    yield spreadsheet.line(columns)
    for record in records:
        yield spreadsheet.line([record.get(name) for name in columns])


def _jsonl(columns: tuple[str, ...], records: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for record in records:
        yield orjson.dumps({name: record.get(name) for name in columns}, default=str).decode() + "\n"


Writer = Callable[[tuple[str, ...], Iterable[Mapping[str, Any]]], Iterator[str]]
KINDS: Mapping[str, tuple[Writer, str]] = {
    "csv": (_csv, "text/csv"),
    "jsonl": (_jsonl, "application/x-ndjson"),
}


async def _in_thread(lines: Iterator[str]) -> AsyncIterator[str]:
    while chunk := await sync_to_async(lambda: "".join(islice(lines, LINES)))():
        yield chunk
