"""The closed lists as deliveries: what is sent, what is answered, the words that the log must then say."""

import base64
import hmac
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.causes.letters import Desk, Letter, envelope
from webhooks.deliveries import LARGEST
from webhooks.limits import MOST_REFUSED

Made = Callable[[Desk], Sequence[Letter]]

FITS = "The current secret fits. Answered 200."
NOTHING_FITS = "Nothing that is known fits"


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that can happen at the door, at a connection of its own.

    `row` are words of its line in the log; `page` a sentence on the page about it (of events the tab
    Verification, of refusals the tab Doctor); `kept` says which of the bodies sent is there byte for byte.
    """

    group: str
    name: str
    made: Made
    status: int
    row: tuple[str, ...]
    page: str = FITS
    covers: str = ""  # the cause or mark of the closed list
    switch: str = ""  # what is done to the connection before
    secret: bool = True
    kept: int | None = 0
    at_once: bool = False
    lines: int = 1  # in the log of its connection

    @property
    def refused(self) -> bool:
        """Whether it stands among the refused ones."""
        return self.status != 200


def _one(made: Callable[[Desk], Letter]) -> Made:
    return lambda desk: [made(desk)]


def _accepted(name: str, made: Callable[[Desk], Letter], *row: str) -> Case:
    return Case("signature", name, _one(made), 200, row or ("batch.completed",))


def _refused(status: int, label: str, name: str, made: Callable[[Desk], Letter], page: str) -> Case:
    return Case("signature", name, _one(made), status, (label,), page)


def _b64(digest: bytes) -> bytes:
    return b"v1," + base64.b64encode(digest)


def _twice_signed(desk: Desk) -> Letter:
    letter = desk.signed()
    return letter.told(signature=_b64(os.urandom(32)) + b" " + letter.signature())


def _spaced(desk: Desk) -> Letter:
    letter = desk.signed()
    compact = json.dumps(json.loads(letter.body), separators=(",", ":")).encode()
    return Letter(letter.path, letter.headers, compact)


def _changed(letter: Letter) -> Letter:
    return Letter(letter.path, letter.headers, letter.body.replace(b"batch_", b"hctab_"))


def _moved(letter: Letter, by: int) -> Letter:
    at = int(dict(letter.headers)[b"webhook-timestamp"])
    return letter.told(timestamp=str(at + by).encode())


def _renamed(letter: Letter) -> Letter:
    return Letter(
        letter.path,
        tuple((name.replace(b"webhook-", b"svix-"), value) for name, value in letter.headers),
        letter.body,
    )


# The contract page's table, case by case, and what else the signature doctor promises to name.
SIGNATURE = (
    _accepted("valid", lambda desk: desk.signed()),
    _accepted("two v1, the second fits", _twice_signed),
    _accepted(
        "v1a first", lambda desk: (it := desk.signed()).told(signature=b"v1a,Zm9v " + it.signature())
    ),
    _accepted("age 290 s", lambda desk: desk.signed(age=290)),
    _accepted("no “object”", lambda desk: desk.signed(b'{"type":"batch.completed","data":{"id":"batch_1"}}')),
    _accepted(
        "unknown type", lambda desk: desk.signed(envelope(type="video.done")), "video.done", "Unknown type"
    ),
    _accepted("unicode body", lambda desk: desk.signed('{"type":"batch.completed","n":"bä_π🎈"}'.encode())),
    _accepted("not UTF-8", lambda desk: desk.signed(b'{"type":"\xff\xfe"}'), "no type", "Not JSON"),
    _accepted("signed, not JSON", lambda desk: desk.signed(b"hello"), "no type", "Not JSON"),
    _accepted("a JSON array", lambda desk: desk.signed(b"[1,2,3]"), "no type"),
    _refused(401, "Bad signature", "tampered", lambda desk: _changed(desk.signed()), NOTHING_FITS),
    _refused(401, "Bad signature", "re-serialised", _spaced, "The body was changed on its way"),
    _refused(401, "Bad signature", "wrong secret", lambda desk: desk.signed(key=b"x" * 32), NOTHING_FITS),
    _refused(
        401, "Bad signature", "swapped id", lambda desk: desk.signed().told(id=b"wh_another"), NOTHING_FITS
    ),
    _refused(
        401,
        "Bad signature",
        "moved timestamp",
        lambda desk: _moved(desk.signed(), 60),
        "The timestamp was changed by +60 s after signing.",
    ),
    _refused(
        401,
        "Bad signature",
        "v2 only",
        lambda desk: (it := desk.signed()).told(signature=it.signature().replace(b"v1", b"v2")),
        "stands under “v2,”",
    ),
    _refused(
        401, "Bad signature", "not base64", lambda desk: desk.signed().told(signature=b"v1,%%%"), NOTHING_FITS
    ),
    _refused(
        400,
        "Header malformed",
        "empty signature",
        lambda desk: desk.signed().told(signature=b""),
        "The signature header is empty.",
    ),
    _refused(401, "Too old", "310 s old", lambda desk: desk.signed(age=310), "s old when it arrived"),
    _refused(401, "Too new", "310 s ahead", lambda desk: desk.signed(age=-310.9), "ahead of our clock"),
    _refused(
        400,
        "Header malformed",
        "timestamp is text",
        lambda desk: desk.signed().told(timestamp=b"yesterday"),
        "no whole number of seconds",
    ),
    _refused(
        400,
        "Header malformed",
        "timestamp ends in .0",
        lambda desk: (it := desk.signed()).told(timestamp=dict(it.headers)[b"webhook-timestamp"] + b".0"),
        "no whole number of seconds",
    ),
    _refused(
        400,
        "Header malformed",
        "timestamp in milliseconds",
        lambda desk: (it := desk.signed()).told(timestamp=dict(it.headers)[b"webhook-timestamp"] + b"000"),
        "in milliseconds",
    ),
    _refused(
        400,
        "Header malformed",
        "token without v1,",
        lambda desk: (it := desk.signed()).told(signature=it.signature()[3:]),
        "lacks its version",
    ),
    _refused(
        400,
        "Header malformed",
        "signature not ASCII",
        lambda desk: desk.signed().told(signature="v1,ßßß".encode()),
        NOTHING_FITS,
    ),
    _refused(
        400, "Header missing", "no webhook-id", lambda desk: desk.signed().told(id=None), "webhook-id"
    ),
    _refused(
        400, "Header missing", "no webhook-timestamp", lambda desk: desk.signed().told(timestamp=None),
        "webhook-timestamp",
    ),
    _refused(
        400, "Header missing", "no webhook-signature", lambda desk: desk.signed().told(signature=None),
        "no signature at all",
    ),
    _refused(400, "Header missing", "svix-* only", lambda desk: _renamed(desk.signed()), "family (svix-…)"),
    _refused(
        401, "Bad signature", "hex, not base64",
        lambda desk: desk.signed_as(
            lambda key, text, _: b"v1," + hmac.digest(key, text, "sha256").hex().encode()
        ),
        "written in hex",
    ),
    _refused(
        401, "Bad signature", "whsec_ text as key",
        lambda desk: desk.signed_as(
            lambda key, text, _: _b64(hmac.digest(b"whsec_" + base64.b64encode(key), text, "sha256"))
        ),
        "The whole text of the secret was the key",
    ),
    _refused(
        401, "Bad signature", "only the body signed",
        lambda desk: desk.signed_as(lambda key, _, body: _b64(hmac.digest(key, body, "sha256"))),
        "Only the body is signed",
    ),
)  # fmt: skip


def _cause(cause: str, status: int, label: str, made: Made, page: str, **more: object) -> Case:
    return Case("cause", label.lower(), made, status, (label,), page, covers=cause, **more)  # type: ignore[arg-type]


CAUSES = (
    _cause(
        "unknown_endpoint", 404, "Unknown endpoint",
        lambda desk: [Letter(f"/webhooks/{os.urandom(16).hex()}", desk.signed().headers, envelope())],
        "Its body is not kept", kept=None,
    ),
    _cause("disabled", 404, "Endpoint disabled", _one(lambda desk: desk.signed()), "Its body is not kept",
           switch="disabled", kept=None),
    _cause("method", 405, "Not a POST", lambda desk: [Letter(desk.path, (), b"", "GET")], "It is not signed",
           kept=None),
    _cause("too_large", 413, "Too large", _one(lambda desk: desk.signed(b"x" * (LARGEST + 1))),
           "Its body is not kept", kept=None),
    _cause("rate_limited", 429, "Too many",
           lambda desk: [desk.signed().told(signature=None)] * (MOST_REFUSED + 9), "no signature at all"),
    _cause("missing_header", 400, "Header missing", _one(lambda desk: Letter(desk.path, (), envelope())),
           "It is not signed"),
    _cause("malformed_header", 400, "Header malformed", _one(lambda desk: desk.signed().told(id=b"wh.1")),
           "The id holds a dot"),
    _cause("too_old", 401, "Too old", _one(lambda desk: desk.signed(age=3600)), "s old when it arrived"),
    _cause("too_new", 401, "Too new", _one(lambda desk: desk.signed(age=-3600)), "ahead of our clock"),
    _cause("no_secret", 401, "No secret", _one(lambda desk: desk.signed()), NOTHING_FITS, secret=False),
    _cause("bad_signature", 401, "Bad signature", lambda desk: [_changed(desk.signed())] * 50, NOTHING_FITS,
           at_once=True),
)  # fmt: skip


def _mark(mark: str, label: str, made: Made, *row: str, **more: object) -> Case:
    return Case("mark", label.lower(), made, 200, (label, *row), covers=mark, **more)  # type: ignore[arg-type]


def _conflict(desk: Desk) -> list[Letter]:
    name = f"wh_{os.urandom(8).hex()}"
    return [desk.signed(name=name), desk.signed(envelope(type="batch.failed"), name=name)]


def _backwards(desk: Desk) -> list[Letter]:
    data, now = {"id": f"batch_{os.urandom(8).hex()}"}, int(time.time())
    return [desk.signed(envelope(data=data, created_at=now - ago)) for ago in (1, 90)]


MARKS = (
    _mark("duplicate", "Duplicate 49×", lambda desk: [desk.signed()] * 50, at_once=True),
    _mark("conflict", "Conflict", _conflict, "Duplicate 1×"),
    _mark("late", "Late", _one(lambda desk: desk.signed(envelope(created_at=int(time.time()) - 3600)))),
    _mark("out_of_order", "Out of order", _backwards, kept=-1, lines=2),
    _mark("mismatch", "Path mismatch", _one(lambda desk: desk.signed(below="/chatgpt/response-failed"))),
    _mark("unknown_type", "Unknown type", _one(lambda desk: desk.signed(envelope(type="video.completed")))),
    _mark("not_json", "Not JSON", _one(lambda desk: desk.signed(b'{"type":'))),
    _mark("raw_only", "Raw only", _one(lambda desk: desk.signed(b'{"type":"batch.completed","n":1e400}'))),
    _mark("duplicate_keys", "Duplicate keys", _one(lambda desk: desk.signed(b'{"type":"a","type":"b"}'))),
    _mark("held", "Held", _one(lambda desk: desk.signed()), "Received", switch="paused"),
    _mark("thin", "Thin", _one(lambda desk: desk.signed())),
)

CASES = (*CAUSES, *MARKS, *SIGNATURE)
