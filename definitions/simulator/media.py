"""Sounds, pictures and files for practice answers, made here so that nothing has to be shipped."""

import base64
import io
import math
import struct
import wave
import zlib
from collections.abc import Callable, Mapping

RATE = 8000  # samples a second
SIDE = 96  # pixels


def sample(media_type: str) -> bytes:
    """Return a small file of that media type: a tone for audio, a picture for images, lines of text for the
    rest.
    """
    return SAMPLES.get(media_type.split("/")[0], _lines)()


def picture_base64() -> str:
    """Return the practice picture as JSON answers carry pictures."""
    return base64.b64encode(_picture()).decode()


def _tone() -> bytes:
    """Return one second of a falling 440 Hz tone as WAV."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        loud = (12000 * (1 - t / RATE) * math.sin(2 * math.pi * 440 * t / RATE) for t in range(RATE))
        sound.writeframes(b"".join(struct.pack("<h", int(sample)) for sample in loud))
    return file.getvalue()


def _picture() -> bytes:
    """Return a PNG: a round gradient on a dark ground."""
    rows = b"".join(b"\0" + bytes(c for x in range(SIDE) for c in _pixel(x, y)) for y in range(SIDE))
    head = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _pixel(x: int, y: int) -> tuple[int, int, int]:
    distance = math.hypot(x - SIDE / 2, y - SIDE / 2) / (SIDE / 2)
    light = max(0.0, 1 - distance)
    return int(40 + 200 * light), int(60 + 80 * light * x / SIDE), int(120 + 100 * light * y / SIDE)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _lines() -> bytes:
    return b"".join(b'{"practice": true, "line": %d}\n' % number for number in range(1, 4))


SAMPLES: Mapping[str, Callable[[], bytes]] = {"audio": _tone, "image": _picture}
