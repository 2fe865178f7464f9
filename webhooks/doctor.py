"""The signature doctor: which check failed, and what would have passed.

Everything that usually goes wrong is tried on its own and in pairs: another secret, the secret's text in
place of its
bytes, another layout, hash or encoding, another family of headers, a body that was written anew on its
way. What fits
names the fault. Pure: bytes and secrets in, sentences out; no secret ever stands in a sentence.
"""

import base64
import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import product

from django.utils.translation import gettext, gettext_noop

from webhooks.claims import Claim, Headers, claims
from webhooks.retellings import retellings

TOLERANCE = 300  # seconds
SKEW = 600  # seconds around the told time that are tried when nothing else fits
LONG = 64 << 10  # bytes beyond which only one deviation at a time is tried


@dataclass(frozen=True, slots=True)
class Known:
    """A secret that may have signed: whose it is, and what that would mean."""

    key: bytes
    meaning: str = ""  # "" for the endpoint's own current secret


@dataclass(frozen=True, slots=True)
class Finding:
    """What would have passed, or what is wrong: a code for tests and filters, and a sentence for people."""

    code: str
    text: str  # as the source says it, with placeholders for the values
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """The sentence in the language of the page."""
        told = gettext(self.text)
        if not self.values:
            return told  # as it is: the name of a connection in it may hold braces
        return told.format(**{name: gettext(value) for name, value in self.values.items()})


@dataclass(frozen=True, slots=True)
class Delivery:
    """The refused delivery."""

    headers: Headers
    body: bytes
    at: datetime


def examine(delivery: Delivery, known: Sequence[Known]) -> list[Finding]:
    """Return what is wrong with a delivery, the most telling first; never empty."""
    found = claims(delivery.headers)
    if not found:
        return [_unsigned(delivery.headers)]
    fits = [fit for claim in found for fit in _fitting(claim, delivery.body, known)]
    fits.sort(key=len)
    named = [*fits[0], *_around(found[0], delivery)] if fits else []
    if fits and not named:
        return [Finding("fits", gettext_noop("Everything about it is right now: it can be verified again."))]
    return named or _guesses(found[0], delivery, known)


def _fitting(claim: Claim, body: bytes, known: Sequence[Known]) -> Iterator[list[Finding]]:
    """Yield the deviations of every combination under which the signature fits."""
    bodies = {"": body, **retellings(body)}
    most = 2 if len(body) <= LONG else 1
    base = _family(claim)
    for who, form, layout, hash_name, told in product(known, FORMS, LAYOUTS, HASHES, bodies):
        deviations = [*base, *_named(who, form, layout, hash_name, told)]
        if len(deviations) - len(base) > most:
            continue
        text = LAYOUTS[layout](claim, bodies[told])
        encoding = _encoding(claim, hmac.digest(FORMS[form](who.key), text, hash_name))
        if encoding is not None:
            yield [*deviations, *encoding]


def _named(who: Known, form: str, layout: str, hash_name: str, told: str) -> list[Finding]:
    said: tuple[tuple[str, str, Mapping[str, str]], ...] = (
        ("secret", who.meaning, {}),
        ("key_form", form, {}),
        ("layout", layout, {}),
        ("hash", "" if hash_name == "sha256" else OTHER_HASH, {"name": hash_name.upper()}),
        ("body", OTHER_BODY if told else "", {"told": told}),
    )
    return [Finding(*one) for one in said if one[1]]


OTHER_HASH = gettext_noop("It is signed with {name}, not SHA-256.")
OTHER_BODY = gettext_noop("The body was changed on its way: the signature fits the same text {told}.")


Form = Callable[[bytes], bytes]
Layout = Callable[[Claim, bytes], bytes]


def _as_it_is(key: bytes) -> bytes:
    return key


def _whole_text(key: bytes) -> bytes:
    return b"whsec_" + base64.b64encode(key)


def _standard(claim: Claim, body: bytes) -> bytes:
    return f"{claim.delivery_id}.{claim.timestamp}.".encode() + body


def _only_body(claim: Claim, body: bytes) -> bytes:
    return body


def _without_id(claim: Claim, body: bytes) -> bytes:
    return f"{claim.timestamp}.".encode() + body


def _without_time(claim: Claim, body: bytes) -> bytes:
    return f"{claim.delivery_id}.".encode() + body


def _slack(claim: Claim, body: bytes) -> bytes:
    return f"v0:{claim.timestamp}:".encode() + body


# Each table begins with what is right, under an empty sentence.
FORMS: Mapping[str, Form] = {
    "": _as_it_is,
    gettext_noop(
        "The whole text of the secret was the key; the key is what the base64 after whsec_ means."
    ): _whole_text,
    gettext_noop(
        "The base64 text of the secret was the key; the key is what it stands for."
    ): base64.b64encode,
}
LAYOUTS: Mapping[str, Layout] = {
    "": _standard,
    gettext_noop("Only the body is signed; Standard Webhooks sign id.timestamp.body."): _only_body,
    gettext_noop("The id is not signed; Standard Webhooks sign id.timestamp.body."): _without_id,
    gettext_noop("The timestamp is not signed; Standard Webhooks sign id.timestamp.body."): _without_time,
    gettext_noop("It is signed as Slack does, v0:timestamp:body."): _slack,
}
HASHES = ("sha256", "sha1", "sha512")


def _encoding(claim: Claim, digest: bytes) -> list[Finding] | None:
    """Return how the signature is written when it is this digest, or None when it is another."""
    right, url = base64.b64encode(digest).decode(), base64.urlsafe_b64encode(digest).decode()
    if right in claim.tokens:
        return _version(claim.versions[right]) if claim.family == "standard" else []
    for name, text in {
        gettext_noop("hex"): digest.hex(),
        gettext_noop("hex in capitals"): digest.hex().upper(),
        gettext_noop("base64 without padding"): right.rstrip("="),
        gettext_noop("base64 of the URL kind"): url,
        gettext_noop("base64 of the URL kind without padding"): url.rstrip("="),
    }.items():
        if text in claim.tokens:
            said = gettext_noop("The signature is written in {name}, not in base64.")
            return [Finding("encoding", said, {"name": name})]
    return None


def _version(version: str) -> list[Finding]:
    if version == "v1":
        return []
    if not version:
        said = gettext_noop("The signature lacks its version: it must begin with “v1,”.")
        return [Finding("version", said)]
    said = gettext_noop("The signature that fits stands under “{version},”; only those under “v1,” count.")
    return [Finding("version", said, {"version": version})]


def _family(claim: Claim) -> list[Finding]:
    if claim.family == "standard":
        return []
    said = gettext_noop(
        "Its headers are of another family ({family}); "
        "webhook-id, webhook-timestamp and webhook-signature are expected."
    )
    return [Finding("family", said, {"family": claim.family})]


def _around(claim: Claim, delivery: Delivery) -> list[Finding]:
    """What is wrong beside the signature: the time, and characters that the gate does not let pass."""
    found = []
    if len(claim.timestamp) == 13 and claim.timestamp.isdigit():
        said = gettext_noop("The timestamp is in milliseconds; seconds are expected.")
        found.append(Finding("milliseconds", said))
    elif claim.timestamp.isdigit() and len(claim.timestamp) == 10:
        found += _skew(delivery.at.timestamp() - int(claim.timestamp))
    elif claim.timestamp:
        said = gettext_noop("The timestamp is no whole number of seconds since 1970.")
        found.append(Finding("timestamp", said))
    if "." in claim.delivery_id:
        said = gettext_noop("The id holds a dot, so the signed text could be read in two ways.")
        found.append(Finding("id", said))
    return found


def _skew(age: float) -> list[Finding]:
    if abs(age) <= TOLERANCE:
        return []
    return [Finding("clock", OLD if age > 0 else AHEAD, {"seconds": f"{abs(age):.0f}"})]


OLD = gettext_noop(
    "It was {seconds} s old when it arrived: its clock is wrong, or it was held up on its way."
)
AHEAD = gettext_noop(
    "It was {seconds} s ahead of our clock when it arrived: its clock is wrong, or it was held up on its way."
)


def _guesses(claim: Claim, delivery: Delivery, known: Sequence[Known]) -> list[Finding]:
    """When nothing fits: was the time or the id changed after signing? Else the body or the secret is
    another."""
    own = [one for one in known if not one.meaning]
    for one in own:
        if shift := _shifted(claim, delivery.body, one.key):
            return [Finding("moved_timestamp", MOVED, {"seconds": f"{shift:+d}"})]
    if own and not claim.tokens:
        return [Finding("empty", gettext_noop("The signature header is empty."))]
    return [*_family(claim), *_around(claim, delivery), Finding("unknown", NOTHING_FITS)]


MOVED = gettext_noop("The timestamp was changed by {seconds} s after signing.")
NOTHING_FITS = gettext_noop(
    "Nothing that is known fits: the body or the id was changed after signing, "
    "or it was signed with a secret that is not here."
)


def _shifted(claim: Claim, body: bytes, key: bytes) -> int:
    if not (claim.timestamp.isdigit() and len(claim.timestamp) == 10) or len(body) > LONG:
        return 0
    tried = (shift for step in range(1, SKEW + 1) for shift in (step, -step))
    for shift in tried:
        text = f"{claim.delivery_id}.{int(claim.timestamp) - shift}.".encode() + body
        if base64.b64encode(hmac.digest(key, text, "sha256")).decode() in claim.tokens:
            return shift
    return 0


def _unsigned(headers: Mapping[str, str]) -> Finding:
    some = [name for name in ("webhook-id", "webhook-timestamp") if name in headers]
    if some:
        said = gettext_noop("It has an id or a timestamp, but no signature at all.")
        return Finding("no_signature", said)
    said = gettext_noop("It is not signed: no header of any family that is known holds a signature.")
    return Finding("unsigned", said)
