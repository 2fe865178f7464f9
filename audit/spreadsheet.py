"""CSV that a spreadsheet opens without running anything in it."""

import csv
import io
from collections.abc import Iterable
from typing import Any

import orjson

# What spreadsheets take for a formula at the start of a cell, full-width forms included (OWASP, threat T25).
STARTERS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "＝", "＋", "－", "＠")


def line(cells: Iterable[Any]) -> str:
    """Return one CSV line: every cell quoted, and one that looks like a formula led by an apostrophe."""
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerow([safe(cell) for cell in cells])
    return out.getvalue()


def safe(cell: Any) -> str:
    """Return a cell's text such that no spreadsheet takes it for a formula; numbers stay numbers.

    A list of words is written as such, and whatever else holds something as JSON, which other programs read.
    """
    text = _written(cell)
    if isinstance(cell, int | float) or not text.startswith(STARTERS):
        return text
    return f"'{text}"


def _written(cell: Any) -> str:
    if isinstance(cell, list) and all(isinstance(word, str) for word in cell):
        return ", ".join(cell)
    if isinstance(cell, dict | list | bool):
        return orjson.dumps(cell, default=str).decode()
    return "" if cell is None else str(cell)
