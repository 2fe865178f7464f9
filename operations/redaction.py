"""Takes credentials out of what a service echoes: whatever is stored was looked through for them first."""

import base64
import html
import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, quote_plus

SHORTEST = 6  # characters: a shorter secret would be found in half of all words
MASK = b"*"
PERCENT = re.compile("%[0-9A-F]{2}")


class Redactor:
    """Finds secrets in thirteen spellings and masks them byte for byte, so that sizes and places stay
    true."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """Take the secrets of one connection; short ones cannot be told from words and are left."""
        spelled = {word for secret in secrets if len(secret) >= SHORTEST for word in spellings(secret)}
        found = sorted(spelled, key=len, reverse=True)
        self._pattern = re.compile(b"|".join(map(re.escape, found))) if found else None
        self._held_back = max(map(len, found)) - 1 if found else 0
        self._tail = b""

    def masked(self, data: bytes) -> bytes:
        """Return one whole piece, masked."""
        return self._pattern.sub(lambda match: MASK * len(match[0]), data) if self._pattern else data

    def text(self, text: str) -> str:
        """Return a text, masked."""
        return self.masked(text.encode("utf-8", "replace")).decode() if self._pattern else text

    def tree(self, value: Any) -> Any:
        """Return a parsed document with all its texts masked."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.tree(item) for item in value]
        if isinstance(value, dict):
            return {self.text(key): self.tree(item) for key, item in value.items()}
        return value

    def feed(self, chunk: bytes) -> bytes:
        """Return what is safe of a stream so far; a little is held back, for a secret may lie across two
        pieces."""
        if self._pattern is None:
            return chunk
        known = self.masked(self._tail + chunk)
        cut = max(0, len(known) - self._held_back)
        self._tail = known[cut:]
        return known[:cut]

    def flush(self) -> bytes:
        """Return the rest of the stream."""
        rest, self._tail = self._tail, b""
        return rest


def spellings(secret: str) -> set[bytes]:
    """Return the ways in which a service, a proxy or a page of errors may write this secret."""
    plain = secret.encode("utf-8", "replace")
    quoted = json.dumps(secret)[1:-1]
    texts = {
        quote(secret, safe=""),
        PERCENT.sub(lambda match: match[0].lower(), quote(secret, safe="")),
        quoted.replace("/", "\\/"),
        html.escape(secret).replace("&#x27;", "&#39;").replace("&quot;", "&#34;"),
        quote_plus(secret),
        quoted,
        json.dumps(quoted)[1:-1],
        html.escape(secret),
        plain.hex(),
        plain.hex().upper(),
    }
    inside_base64 = (_inside_base64(plain, offset) for offset in range(3))
    coded = {spelling for word in inside_base64 for spelling in (word, word.translate(URL_SAFE))}
    return {plain, *(text.encode() for text in texts), *coded}


URL_SAFE = bytes.maketrans(b"+/", b"-_")
FIRST_OWN = (0, 2, 3)  # base64 digits that the bytes before the secret have a share in


def _inside_base64(plain: bytes, offset: int) -> bytes:
    digits = base64.b64encode(bytes(offset) + plain)
    return digits[FIRST_OWN[offset] : (offset + len(plain)) * 8 // 6]
