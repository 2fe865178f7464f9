"""Takes an answer in as it comes: its start in memory, all of it on disk, and never more than allowed."""

import hashlib
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from operations.redaction import Redactor

SHOWN = 64 << 10  # bytes of an answer that stand in the row and are shown
TEXTUAL = ("json", "text/", "xml", "javascript", "x-www-form-urlencoded")
STEP = 256 << 10  # bytes unpacked at once
DECODERS = {"gzip": 47, "x-gzip": 47, "deflate": 47}  # zlib's wbits: 32 + 15 finds the format itself


class UnknownEncoding(ValueError):
    """The answer came encoded in a way that was not asked for."""


def is_textual(content_type: str) -> bool:
    """Say whether bodies of this type are text that a person can read."""
    return not content_type or any(part in content_type.lower() for part in TEXTUAL)


class Sink:
    """Where the bytes of one answer go. At most `keep` bytes are taken, counted before and after decoding."""

    def __init__(
        self, path: Path | None, keep: int, redactor: Redactor, *, kind: str = "", encoding: str = ""
    ) -> None:
        """Raises UnknownEncoding; `path` is written when the answer is no text, or longer than what is
        shown."""
        self.path, self.keep, self.redactor = path, keep, redactor
        self.start = bytearray()
        self.size = 0
        self.truncated = False
        self._hash = hashlib.sha256()
        self._file: BinaryIO | None = None
        self._on_disk = not is_textual(kind)
        self._decoder = _decoder(encoding)

    def write(self, chunk: bytes) -> bytes:
        """Take a piece in and return what of it may be shown. Raises zlib.error for a broken encoding.

        When `truncated` is set, no more will be taken.
        """
        shown = bytearray()
        for piece in self._decoded(chunk):
            masked = self.redactor.feed(piece)
            self._take(masked)
            shown += masked[:SHOWN]
            if self.truncated:
                break
        return bytes(shown)

    def close(self) -> None:
        """Finish; a short answer that is no text goes to disk too, so that it can be played and
        downloaded."""
        if not self.truncated:
            self._take(self.redactor.flush())
        if self._on_disk and self._file is None and self.size:
            self._open()
        if self._file is not None:
            self._file.close()

    @property
    def sha256(self) -> str:
        """The digest of what was kept."""
        return self._hash.hexdigest()

    @property
    def is_on_disk(self) -> bool:
        """Whether a file was written."""
        return self._file is not None

    def _decoded(self, chunk: bytes) -> Iterator[bytes]:
        """Unpack in small steps: 200 KB can hold 200 MB."""
        if self._decoder is None:
            yield chunk
            return
        while chunk:
            yield self._decoder.decompress(chunk, STEP)
            chunk = self._decoder.unconsumed_tail

    def _take(self, piece: bytes) -> None:
        room = self.keep - self.size
        self.truncated = len(piece) > room
        piece = piece[:room]
        self.size += len(piece)
        self._hash.update(piece)
        if self._file is None and self.size > SHOWN:
            self._open()
        if self._file is not None:
            self._file.write(piece)
        self.start += piece[: max(0, SHOWN - len(self.start))]

    def _open(self) -> None:
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("wb")
        self._file.write(self.start)


def _decoder(encoding: str) -> "zlib._Decompress | None":
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return None
    if name not in DECODERS:
        raise UnknownEncoding(name[:60])
    return zlib.decompressobj(DECODERS[name])
