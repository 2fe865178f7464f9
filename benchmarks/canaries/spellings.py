"""The thirteen ways in which a secret may be written down; made apart from the product's own redaction."""

import base64
import html
import json
from collections.abc import Iterable, Mapping
from urllib.parse import quote, quote_plus


def spellings(secret: str) -> Mapping[str, bytes]:
    """Return the name of each spelling and how the secret looks in it."""
    plain = secret.encode()
    once = json.dumps(secret)[1:-1]
    texts = {
        "plain": secret,
        "url": quote(secret, safe=""),
        "form": quote_plus(secret),
        "hex": plain.hex(),
        "json": once,
        "json twice": json.dumps(once)[1:-1],
        "html": html.escape(secret),
    }
    found = {name: text.encode() for name, text in texts.items()}
    for offset in range(3):
        inside = _inside_base64(plain, offset)
        found[f"base64 +{offset}"] = inside
        found[f"base64url +{offset}"] = inside.replace(b"+", b"-").replace(b"/", b"_")
    return found


def _inside_base64(plain: bytes, offset: int) -> bytes:
    """Return the digits that the secret alone decides when `offset` bytes stand before it."""
    first, last = -(-offset * 8 // 6), (offset + len(plain)) * 8 // 6
    return base64.b64encode(b"\0" * offset + plain)[first:last]


def hits(haystack: bytes, canaries: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """Yield (canary, spelling) for each one found; escapes and hexadecimal digits count in either case."""
    lower = haystack.lower()
    for name, secret in canaries.items():
        for spelling, needle in spellings(secret).items():
            if needle in haystack or (spelling in ("hex", "url", "form") and needle.lower() in lower):
                yield name, spelling
