"""Vectors of an embedding: read from the answer, drawn small, and given out as NPY, CSV and JSON."""

import json
import struct
from collections.abc import Callable, Mapping
from typing import Any

from operations import showing
from operations.models import Answer, Run

WIDTH, HEIGHT = 600, 120  # user units of the drawing
SHORTEST = 8  # numbers; shorter lists are lists
DRAWN = 600  # values of one vector that are drawn


def of(run: Run) -> list[list[float]]:
    """Return all vectors of the answer, whole; one alone when the answer cannot be read as JSON any more."""
    document = showing.document_of(Answer.objects.select_related("file").filter(run=run).first(), limit=None)
    found = [vector for vector in _search(document) if vector]
    if found:
        return found
    values = (value for value in (run.fields or {}).values() if is_vector(value))
    return list(values)


def points(vector: list[float]) -> str:
    """Return the polyline of a vector for an SVG of WIDTH x HEIGHT; zero is the middle."""
    shown = vector[:DRAWN]
    largest = max((abs(value) for value in shown), default=0) or 1
    step = WIDTH / max(len(shown) - 1, 1)
    return " ".join(
        f"{index * step:.1f},{HEIGHT / 2 - value / largest * HEIGHT * 0.48:.1f}"
        for index, value in enumerate(shown)
    )


def npy(vectors: list[list[float]]) -> bytes:
    """Return the vectors in NumPy's own format, version 1.0, little-endian float64, one row a vector."""
    rows, columns = len(vectors), len(vectors[0]) if vectors else 0
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({rows}, {columns}), }}".encode()
    padding = b" " * (-(10 + len(header) + 1) % 64)
    header += padding + b"\n"
    values = [value for vector in vectors for value in vector]
    return (
        b"\x93NUMPY\x01\x00"
        + struct.pack("<H", len(header))
        + header
        + struct.pack(f"<{len(values)}d", *values)
    )


def csv(vectors: list[list[float]]) -> bytes:
    """Return one line a vector."""
    return "".join(",".join(map(repr, vector)) + "\n" for vector in vectors).encode()


def as_json(vectors: list[list[float]]) -> bytes:
    """Return the vectors as a JSON list of lists."""
    return json.dumps(vectors).encode()


FORMATS: Mapping[str, Callable[[list[list[float]]], bytes]] = {"npy": npy, "csv": csv, "json": as_json}


def _search(document: Any) -> list[list[float]]:
    """Find lists of numbers, in the order of the document."""
    if is_vector(document):
        return [[float(value) for value in document]]
    children = (
        document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
    )
    return [vector for child in children for vector in _search(child)]


def is_drawn(value: Any) -> bool:
    """Say whether a field's value is shown as a drawing rather than as a tree of numbers."""
    return is_vector(value) or (isinstance(value, list) and bool(value) and all(map(is_vector, value)))


def is_vector(value: Any) -> bool:
    """Say whether a value is a list of numbers, long enough to be a vector."""
    numbers = isinstance(value, list) and len(value) >= SHORTEST
    return numbers and all(isinstance(one, int | float) and not isinstance(one, bool) for one in value)
