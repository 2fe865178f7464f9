"""Bytes for a page: as text when they are text, else as hex, and never more than a page can hold."""

from dataclasses import dataclass

MOST = 64 << 10  # bytes of a body on a page; the download has all of them
MOST_HEX = 8 << 10


@dataclass(frozen=True, slots=True)
class Shown:
    """A body as a page shows it."""

    text: str
    is_hex: bool
    cut: int = 0  # bytes that are not shown


def shown(body: bytes) -> Shown:
    """Return the body as text, or as a hex dump when it is no text or holds control characters."""
    start = body[:MOST]
    text = start.decode("utf-8", "ignore" if len(body) > MOST else "strict") if _is_text(body) else None
    if text is None:
        return Shown(hex_dump(body[:MOST_HEX]), True, max(0, len(body) - MOST_HEX))
    return Shown(text, False, max(0, len(body) - MOST))


def hex_dump(body: bytes) -> str:
    """Return offset, sixteen bytes and their characters a line."""
    return "\n".join(_line(at, body[at : at + 16]) for at in range(0, len(body), 16))


def _line(at: int, row: bytes) -> str:
    letters = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
    return f"{at:06x}  {row.hex(' '):<47}  {letters}"


def _is_text(body: bytes) -> bool:
    """Control characters would vanish or deceive on a page, so their bytes are shown instead."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return False
    return all(letter.isprintable() or letter in "\n\r\t" for letter in text)
