"""The little HTTP that practice needs over ASGI: read a request, parse its body, send an answer."""

import asyncio
import email.parser
import email.policy
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

LARGEST_BODY = 64 << 20  # bytes
PAUSE = 0.05  # seconds between two pieces of a stream
NOTICE = ("x-practice", "This is Switchboard's practice service, not the real one.")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as practice sees it."""

    method: str
    path: str  # still escaped, so that an escaped slash stays inside its segment
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: a document, or bytes of another kind."""

    status: int = 200
    document: Any = None
    content: bytes | None = None
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    events: tuple[Any, ...] = ()  # sent one by one as text/event-stream


@dataclass(frozen=True, slots=True)
class Form:
    """What a multipart or JSON body said: members by name, and uploaded bytes by name."""

    members: Mapping[str, Any]
    files: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)  # file name, content


async def read(scope: Mapping[str, Any], receive: Any) -> Asked:
    """Return the request with its whole body, at most `LARGEST_BODY` of it."""
    body = bytearray()
    while (message := await receive())["type"] == "http.request":
        body += message.get("body", b"")[: LARGEST_BODY - len(body)]
        if not message.get("more_body"):
            break
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    query = dict(parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True))
    path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1").partition("?")[0]
    return Asked(scope["method"], path, query, headers, bytes(body))


async def send_reply(send: Any, reply: Reply) -> None:
    """Send an answer that says in a header that it is practice."""
    if reply.events:
        await _send_events(send, reply.events)
        return
    content = reply.content if reply.content is not None else b""
    if reply.document is not None:
        content = json.dumps(reply.document, ensure_ascii=False).encode()
    length = str(len(content))
    headers = {**dict([NOTICE]), "content-type": reply.media_type, "content-length": length, **reply.headers}
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": raw})
    await send({"type": "http.response.body", "body": content})


async def _send_events(send: Any, events: Iterable[Any]) -> None:
    headers = [(NOTICE[0].encode(), NOTICE[1].encode()), (b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for event in events:
        data = f"data: {json.dumps(event, ensure_ascii=False)}\n\n".encode()
        await send({"type": "http.response.body", "body": data, "more_body": True})
        await asyncio.sleep(PAUSE)
    await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})


def parse_body(asked: Asked) -> Form | None:
    """Return what a body says, or None when it is neither a JSON object nor a form with a boundary."""
    kind = asked.headers.get("content-type", "")
    if kind.startswith("multipart/form-data"):
        return _multipart(kind, asked.body)
    try:
        members = json.loads(asked.body)
    except (ValueError, RecursionError):
        return None
    return Form(members) if isinstance(members, dict) else None


def _multipart(kind: str, body: bytes) -> Form | None:
    head = f"Content-Type: {kind}\r\n\r\n".encode("latin-1")
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    if not message.is_multipart():
        return None
    members: dict[str, Any] = {}
    files: dict[str, tuple[str, bytes]] = {}
    for part in message.iter_parts():
        name = str(part.get_param("name", "", header="content-disposition")).removesuffix("[]")
        content = part.get_payload(decode=True) or b""
        if part.get_filename():
            files[name] = (str(part.get_filename()), bytes(content))
        else:
            members[name] = bytes(content).decode("utf-8", "replace")
    return Form(members, files)
