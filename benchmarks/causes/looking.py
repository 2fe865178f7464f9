"""Looks at the log as somebody signed in sees it, over HTTP, and says what is not there."""

import html
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from benchmarks.causes.cases import Case
from benchmarks.causes.letters import Letter

Get = Callable[[str], bytes]  # address -> the page; anything but 200 raises

ROW = re.compile(r'<tr id="(\w+)".*?</tr>', re.DOTALL)
TAG = re.compile(r"<[^>]+>")
PATIENCE = 30.0  # seconds until the worker has processed an event


@dataclass(slots=True)
class Outcome:
    """What became of one case: what was answered, its line in the log, and everything that is not right."""

    case: Case
    answered: Sequence[int] = ()
    row: str = ""
    count: int = 0  # how many deliveries its line stands for
    wrong: list[str] = field(default_factory=list)


def look(
    case: Case,
    sent: Sequence[Letter],
    connection: str,
    get: Get,
    outcome: Outcome,
    patience: float = PATIENCE,
) -> None:
    """Find the case in the log of a connection and on its own page; add what is wrong to the outcome."""
    address = _address(case, sent, connection)
    rows = _rows_when_ready(case, address, get, patience)
    if len(rows) != case.lines:
        outcome.wrong.append(f"{len(rows)} lines in the log")
    if not rows:
        return
    code, outcome.row = rows[0]
    outcome.wrong += [f"the line does not say “{word}”" for word in case.row if word not in outcome.row]
    outcome.count = _count(outcome.row)
    _look_closer(case, sent, f"/log/{code}/", get, outcome)


def text(page: bytes | str) -> str:
    """Return what a piece of a page says, its spaces folded."""
    said = page.decode() if isinstance(page, bytes) else page
    return " ".join(html.unescape(TAG.sub(" ", said)).split())


def rows_at(address: str, get: Get) -> list[tuple[str, str]]:
    """Return the lines of the log at this address, newest first: id and words."""
    return [(found[1], text(found[0])) for found in ROW.finditer(get(address).decode())]


def _address(case: Case, sent: Sequence[Letter], connection: str) -> str:
    if case.covers == "unknown_endpoint":
        return f"/log/?{urlencode({'cause': case.covers, 'q': sent[0].path})}"
    cause = {"cause": case.covers} if case.refused and case.covers else {}
    return f"/log/?{urlencode({'connection': connection, **cause})}"


def _rows_when_ready(case: Case, address: str, get: Get, patience: float) -> list[tuple[str, str]]:
    """Return the lines as soon as they say what is expected, or as they are when patience ends."""
    deadline = time.monotonic() + patience
    while True:
        rows = rows_at(address, get)
        said = " ".join(words for _, words in rows)
        if all(word in said for word in case.row) or time.monotonic() > deadline:
            return rows
        time.sleep(0.2)


def _look_closer(case: Case, sent: Sequence[Letter], address: str, get: Get, outcome: Outcome) -> None:
    tab = "doctor" if case.refused else "verification"
    page = text(get(f"{address}?tab={tab}"))
    if case.page not in page:
        outcome.wrong.append(f"its page does not say “{case.page}” ({tab})")
    told = text(get(f"{address}?tab=verification"))
    if case.refused and f"Answered {case.status}." not in told:
        outcome.wrong.append(f"its page does not say that it was answered {case.status}")
    if case.kept is not None and get(f"{address}raw/") != sent[case.kept].body:
        outcome.wrong.append("the body is not what was sent")


def _count(row: str) -> int:
    found = re.search(r"(Duplicate )?([\d,]+)×", row)
    return int(found[2].replace(",", "")) + bool(found[1]) if found else 1
