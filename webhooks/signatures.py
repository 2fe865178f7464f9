"""Is this delivery from who it claims to be? Pure: bytes and secrets in, a verdict out, never an exception.

Standard Webhooks 1.0: HMAC-SHA256 over `{id}.{timestamp}.{body}`, key = base64 after `whsec_`, any `v1,`
token of the list may match any secret. The gate before it is stricter than both official libraries
(threats.md, T3): an id without a dot cannot be shifted against the timestamp, ten ASCII digits cannot be
read in two ways, and a header that comes twice cannot be read differently by somebody in front of us.
"""

import hashlib
import hmac
import re
from binascii import b2a_base64
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache, partial
from typing import NamedTuple, Protocol
from uuid import UUID

from django.utils.translation import gettext_noop

from definitions.schema import Webhooks

Headers = Sequence[tuple[bytes, bytes]]  # names in lower case, as ASGI hands them over

ID = re.compile(rb"[A-Za-z0-9_\-:+=/@~|]{1,256}")
TIMESTAMP = re.compile(rb"[0-9]{10}")
SIGNATURES = re.compile(rb"[a-z0-9]{1,16},[\x21-\x7e]{1,512}(?: +[a-z0-9]{1,16},[\x21-\x7e]{1,512}){0,15} *")
STANDARD = (b"webhook-id", b"webhook-timestamp", b"webhook-signature")
LONGEST = 8192  # bytes of a signature list
MISSING_ONE = gettext_noop("{names} is missing.")
MISSING_MORE = gettext_noop("{names} are missing.")


class Secret(Protocol):
    """What is asked of a signing secret."""

    @property
    def id(self) -> UUID:
        """Which secret it is."""

    @property
    def label(self) -> str:
        """Its name in the log: current, previous."""

    @property
    def key(self) -> bytes:
        """The HMAC key."""

    @property
    def valid_until(self) -> datetime | None:
        """When it stops being accepted."""


class Verdict(NamedTuple):
    """What became of the check. An empty cause means accepted; `detail` is the cause as a sentence."""

    cause: str = ""
    detail: str = ""
    delivery_id: str = ""
    timestamp: int | None = None
    secret: Secret | None = None
    status: int = 200  # what the sender is answered: 400 for headers that make no sense, 401 for not verified


class _Claim(NamedTuple):
    """What a delivery says of itself, once its headers have passed the gate."""

    delivery_id: str
    timestamp: int | None
    tokens: list[bytes]
    expected: Callable[[bytes], bytes]  # key -> the token that would be right


Gate = Callable[[Webhooks, Headers, bytes], "_Claim | Verdict"]


def verify(scheme: Webhooks, headers: Headers, body: bytes, secrets: Sequence[Secret], now: float) -> Verdict:
    """Return the verdict on a delivery that arrived at `now` (seconds since 1970)."""
    claim = GATES.get(scheme.scheme, _unsigned)(scheme, headers, body)
    if isinstance(claim, Verdict):
        return claim
    return _age(scheme, claim, now) or _matched(claim, secrets, now)


def sign(key: bytes, delivery_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of `webhook-signature` for a delivery of our own."""
    return "v1," + _standard(delivery_id.encode(), str(timestamp).encode(), body, key).decode()


def _standard_webhooks(scheme: Webhooks, headers: Headers, body: bytes) -> _Claim | Verdict:
    found, problem = _pick(headers, STANDARD)
    if problem:
        return problem
    delivery_id, timestamp, signatures = found
    if not ID.fullmatch(delivery_id):
        return _malformed(
            gettext_noop("webhook-id may hold letters, digits and _-:+=/@~| only, at most 256 of them.")
        )
    name = delivery_id.decode()
    if not TIMESTAMP.fullmatch(timestamp):
        return _malformed(gettext_noop("webhook-timestamp must be ten digits: seconds since 1970."), name)
    if len(signatures) > LONGEST or not SIGNATURES.fullmatch(signatures):
        return _malformed(
            gettext_noop("webhook-signature must be 1 to 16 tokens like v1,<base64>, spaces between."), name
        )
    tokens = [token[3:] for token in signatures.split(b" ") if token.startswith(b"v1,")]
    return _Claim(name, int(timestamp), tokens, partial(_standard, delivery_id, timestamp, body))


def _hmac_header(scheme: Webhooks, headers: Headers, body: bytes) -> _Claim | Verdict:
    """One header holds an HMAC-SHA256 of the body, as GitHub and many others do; there is no timestamp."""
    found, problem = _pick(headers, (scheme.signature_header.lower().encode(),))
    if problem:
        return problem._replace(status=401)  # its only header is the signature: without it nothing is claimed
    prefix = scheme.signature_prefix.encode()
    if not found[0].startswith(prefix):
        return _malformed(
            gettext_noop("{header} must begin with {prefix}.").format(
                header=scheme.signature_header, prefix=scheme.signature_prefix
            )
        )
    name = _told(headers, scheme.dedupe_header) or b"sha256:" + hashlib.sha256(body).hexdigest().encode()
    if not ID.fullmatch(name):
        return _malformed(
            gettext_noop("{header} may hold letters, digits and _-:+=/@~| only.").format(
                header=scheme.dedupe_header
            )
        )
    tokens = [found[0].removeprefix(prefix)]
    return _Claim(name.decode(), None, tokens, partial(ENCODINGS[scheme.encoding], body))


def _unsigned(scheme: Webhooks, headers: Headers, body: bytes) -> _Claim | Verdict:
    """There is no unsigned mode: anybody who learns the address could write the log (threats.md, T1)."""
    return Verdict(
        "no_secret", gettext_noop("The service's definition names no way to check signatures."), status=401
    )


def _standard(delivery_id: bytes, timestamp: bytes, body: bytes, key: bytes) -> bytes:
    return b2a_base64(_digest(key, b"%b.%b." % (delivery_id, timestamp), body), newline=False)


def _hex(body: bytes, key: bytes) -> bytes:
    return _digest(key, body).hex().encode()


def _base64(body: bytes, key: bytes) -> bytes:
    return b2a_base64(_digest(key, body), newline=False)


def _digest(key: bytes, *pieces: bytes) -> bytes:
    """Go on from what the key alone makes: of the 3 µs that a digest of a kilobyte takes, 1 is the key's."""
    digest = _begun(key).copy()
    for piece in pieces:
        digest.update(piece)
    return digest.digest()


@lru_cache(maxsize=256)
def _begun(key: bytes) -> hmac.HMAC:
    return hmac.new(key, digestmod="sha256")


GATES: dict[str, Gate] = {
    "standard-webhooks": _standard_webhooks,
    "hmac-sha256-header": _hmac_header,
    "none": _unsigned,
}
ENCODINGS: dict[str, Callable[[bytes, bytes], bytes]] = {"hex": _hex, "base64": _base64}


def _age(scheme: Webhooks, claim: _Claim, now: float) -> Verdict | None:
    if claim.timestamp is None:
        return None
    age = now - claim.timestamp
    if age > scheme.tolerance:
        return _refused(
            "too_old", gettext_noop("It was signed {age:.0f} s before it arrived.").format(age=age), claim
        )
    if -age > scheme.tolerance:
        return _refused(
            "too_new", gettext_noop("It was signed {age:.0f} s in the future.").format(age=-age), claim
        )
    return None


def _matched(claim: _Claim, secrets: Sequence[Secret], now: float) -> Verdict:
    if not secrets:
        return _refused("no_secret", gettext_noop("The endpoint has no signing secret."), claim)
    usable = [one for one in secrets if one.valid_until is None or now < one.valid_until.timestamp()]
    for secret in usable:
        expected = claim.expected(secret.key)
        for token in claim.tokens:
            if hmac.compare_digest(expected, token):
                return Verdict("", "", claim.delivery_id, claim.timestamp, secret)
    detail = (
        gettext_noop("No signature fits any of the endpoint's secrets.")
        if usable
        else gettext_noop("All signing secrets have run out.")
    )
    return _refused("bad_signature", detail, claim)


def _pick(headers: Headers, names: Sequence[bytes]) -> tuple[list[bytes], Verdict | None]:
    told = dict(headers)
    picked = [told.get(name) for name in names] if len(told) == len(headers) else [None]
    if None not in picked:  # the usual case: nothing twice, nothing missing
        return picked, None  # type: ignore[return-value]
    found = {wanted.decode(): [value for name, value in headers if name == wanted] for wanted in names}
    missing = [name for name, values in found.items() if not values]
    if missing:
        shape = MISSING_ONE if len(missing) == 1 else MISSING_MORE
        detail = shape.format(names=" and ".join(missing))
        return [], Verdict("missing_header", detail, status=400)
    twice = [name for name, values in found.items() if len(values) > 1]
    if twice:
        return [], _malformed(gettext_noop("{names} came more than once.").format(names=" and ".join(twice)))
    return [values[0] for values in found.values()], None


def _told(headers: Headers, name: str) -> bytes:
    return next((value for header, value in headers if name and header == name.lower().encode()), b"")


def _malformed(detail: str, name: str = "") -> Verdict:
    return Verdict("malformed_header", detail, name, status=400)


def _refused(cause: str, detail: str, claim: _Claim) -> Verdict:
    return Verdict(cause, detail, claim.delivery_id, claim.timestamp, status=401)
