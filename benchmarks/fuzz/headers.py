"""Header sets for the door: a good one, changed one to three times, so that most are nearly good."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from benchmarks.fuzz import oddities
from webhooks import signatures

ID, AT, SIGNATURE = b"webhook-id", b"webhook-timestamp", b"webhook-signature"
METHODS = ("GET", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "CONNECT", "post", "", "X" * 50)
NAMES = (b"webhook_id", b"svix-id", b"webhook-id ", b"x-forwarded-for", b"authorization", b"cookie", b"")
LIES = (b"0", b"-1", b"+5", b"1e3", b"99999999999", b"x", b"", b" 7 ", "٣".encode())


@dataclass
class Case:
    """One request on its way to the door."""

    path: str
    body: bytes
    headers: list[tuple[bytes, bytes]]
    key: bytes
    peer: str
    method: str = "POST"
    number: int = 0  # by which it is made again
    changes: list[str] = field(default_factory=list)

    def get(self, name: bytes) -> bytes:
        """Return a header's first value."""
        return next((value for key, value in self.headers if key == name), b"")

    def put(self, name: bytes, value: bytes) -> None:
        """Change a header where it stands, or add it."""
        if any(key == name for key, _ in self.headers):
            self.headers = [(key, value if key == name else old) for key, old in self.headers]
        else:
            self.headers.append((name, value))


def signed(path: str, key: bytes, name: str, at: int, body: bytes, peer: str) -> Case:
    """Return a delivery that the door must store."""
    token = signatures.sign(key, name, at, body).encode()
    told = [(b"content-type", b"application/json"), (ID, name.encode()), (AT, str(at).encode())]
    return Case(path, body, [*told, (SIGNATURE, token)], key, peer)


def change(random: Random, case: Case) -> None:
    """Change it one to three times; what was done stands in `changes`."""
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        name = random.choice(tuple(CHANGES))
        CHANGES[name](random, case)
        case.changes.append(name)


def _value(name: bytes) -> Callable[[Random, Case], None]:
    return lambda random, case: case.put(name, oddities.text(random).encode("utf-8", "replace"))


def _damage(name: bytes) -> Callable[[Random, Case], None]:
    return lambda random, case: case.put(name, oddities.damaged(random, case.get(name)))


def _twice(random: Random, case: Case) -> None:
    name, value = random.choice(case.headers or [(ID, b"")])
    other = random.choice((value, oddities.text(random).encode("utf-8", "replace")))
    case.headers.insert(random.randrange(len(case.headers) + 1), (name, other))


def _missing(random: Random, case: Case) -> None:
    if case.headers:
        case.headers.pop(random.randrange(len(case.headers)))


def _many(random: Random, case: Case) -> None:
    case.headers += [
        (b"x-%d" % number, b"y" * random.randrange(400)) for number in range(random.randrange(300))
    ]


def _extra(random: Random, case: Case) -> None:
    case.headers.append((random.choice(NAMES), oddities.text(random).encode("utf-8", "replace")))


def _resign(random: Random, case: Case) -> None:
    """Signed anew by the right key for another time: stored inside the tolerance, refused outside it."""
    told = case.get(AT)
    at = (int(told) if told.isdigit() and len(told) < 12 else 0) + random.choice(
        (-9999, -320, -250, 250, 320, 9999)
    )
    name = case.get(ID).decode("latin-1")
    case.put(AT, str(at).encode())
    case.put(SIGNATURE, signatures.sign(case.key, name, at, case.body).encode())


def _other_key(random: Random, case: Case) -> None:
    told = case.get(AT)
    at = int(told) if told.isdigit() and len(told) < 12 else 0
    token = signatures.sign(random.randbytes(24), case.get(ID).decode("latin-1"), at, case.body)
    case.put(SIGNATURE, token.encode())


def _more_signatures(random: Random, case: Case) -> None:
    """Others beside the right one: other versions, other keys, other spaces, or thousands."""
    junk = b"v1," + base64.b64encode(random.randbytes(random.choice((0, 16, 32, 33))))
    right = case.get(SIGNATURE)
    lists = (
        junk + b" " + right,
        right + b" " + junk,
        b"v1a,AAAA " + right,
        right + b"  " + junk + b" ",
        b" ".join([junk] * 5_000),
        b"," + right,
        right.replace(b",", b" "),
        right + b"\t" + junk,
        right[3:],
    )
    case.put(SIGNATURE, random.choice(lists))


def _shift(_: Random, case: Case) -> None:
    """Move the border between id and time: the same signed bytes, read otherwise (I-23)."""
    case.put(ID, case.get(ID) + b"." + case.get(AT))
    case.body = case.body.partition(b".")[2]


def _path(random: Random, case: Case) -> None:
    tails = (
        "/",
        "//",
        "/x",
        "/chatgpt/batch-completed",
        "/../admin",
        "\0",
        "%00",
        "/" + oddities.text(random)[:400],
    )
    cut = case.path[: random.randrange(len(case.path) + 1)]
    case.path = random.choice((case.path.upper(), cut, *(case.path + tail for tail in tails)))


def _body(random: Random, case: Case) -> None:
    case.body = oddities.damaged(random, case.body)


def _method(random: Random, case: Case) -> None:
    case.method = random.choice(METHODS)


def _length(random: Random, case: Case) -> None:
    case.headers.append((b"content-length", random.choice(LIES)))


CHANGES: dict[str, Callable[[Random, Case], None]] = {
    "id": _value(ID),
    "time": _value(AT),
    "signature": _value(SIGNATURE),
    "id damaged": _damage(ID),
    "time damaged": _damage(AT),
    "signature damaged": _damage(SIGNATURE),
    "a header twice": _twice,
    "a header missing": _missing,
    "many headers": _many,
    "another header": _extra,
    "signed anew": _resign,
    "another key": _other_key,
    "more signatures": _more_signatures,
    "border moved": _shift,
    "path": _path,
    "body changed": _body,
    "method": _method,
    "length": _length,
}
