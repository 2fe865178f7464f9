"""What a delivery says of itself in the headers of any family of webhooks, read for the doctor and never for
the door."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext_noop

Headers = Mapping[str, str]  # names in lower case

VERSION = re.compile(r"^[a-z0-9]{1,16},")
PART = re.compile(r"(?:^|[,;\s])(t|v1|s)=([^,;\s]+)")


@dataclass(frozen=True, slots=True)
class Claim:
    """An id, a time and signatures, as one family of headers gives them."""

    family: str
    delivery_id: str = ""
    timestamp: str = ""
    tokens: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)  # token -> v1, v2, … or "": it came without one


def claims(headers: Headers) -> list[Claim]:
    """Return what each family of headers that is there says; the standard one first."""
    found = [read(headers) for read in FAMILIES.values()]
    return [claim for claim in found if claim is not None]


def _three(family: str, prefix: str) -> Callable[[Headers], Claim | None]:
    def read(headers: Headers) -> Claim | None:
        id_, at, signatures = (headers.get(f"{prefix}{part}") for part in ("id", "timestamp", "signature"))
        if signatures is None:
            return None
        words = sorted(signatures.split(), key=lambda word: word.startswith("v1,"))  # v1 has the last word
        versions = {VERSION.sub("", word): (VERSION.match(word) or [""])[0].rstrip(",") for word in words}
        return Claim(family, id_ or "", (at or "").strip(), tuple(versions), versions)

    return read


def _named(family: str, names: tuple[str, ...]) -> Callable[[Headers], Claim | None]:
    def read(headers: Headers) -> Claim | None:
        value = next((headers[name] for name in names if name in headers), None)
        return None if value is None else Claim(family, tokens=(value.partition("=")[2] or value,))

    return read


def _stripe(headers: Headers) -> Claim | None:
    value = headers.get("stripe-signature")
    if value is None:
        return None
    parts = PART.findall(value)
    at = next((text for name, text in parts if name == "t"), "")
    return Claim("Stripe", "", at, tuple(text for name, text in parts if name == "v1"))


def _slack(headers: Headers) -> Claim | None:
    value = headers.get("x-slack-signature")
    at = headers.get("x-slack-request-timestamp", "")
    return None if value is None else Claim("Slack", "", at, (value.removeprefix("v0="),))


FAMILIES: Mapping[str, Callable[[Headers], Claim | None]] = {
    "standard": _three("standard", "webhook-"),
    "underscores": _three(gettext_noop("webhook_… with underscores"), "webhook_"),
    "svix": _three("svix-…", "svix-"),
    "stripe": _stripe,
    "slack": _slack,
    "github": _named("GitHub", ("x-hub-signature-256", "x-hub-signature")),
    "plain": _named("x-signature", ("x-signature", "x-webhook-signature", "x-signature-256", "signature")),
}
