"""The short digest of a body that tells a repeat from a conflict."""

import hashlib

LENGTH = 16  # bytes: two bodies that a sender made by chance never share them


def digest(body: bytes) -> bytes:
    """Return the digest of a body as the dedupe table keeps it."""
    return hashlib.sha256(body).digest()[:LENGTH]
