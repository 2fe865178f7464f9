"""Whether a try that went wrong is tried again, and when: only where it cannot do a thing twice."""

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from django.utils.translation import gettext_noop

from definitions.schema import Operation, Service

SHORTEST, LONGEST = 1.0, 3600.0  # seconds: whatever a header asks for is brought between these
FIRST, GROWTH = 1.0, 2.0  # seconds before the second try, and by how much each wait grows
REFUSED_UNDONE = {429}  # RFC 6585: refused before it was worked on, so any method may ask again
DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?")


@dataclass(frozen=True, slots=True)
class Setback:
    """What went wrong with a try."""

    sent: bool  # whether anything may have gone out
    status: int | None = None  # of the answer, when there was one
    code: str = ""  # the service's error code and type, or ours
    type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)  # lower-case names


@dataclass(frozen=True, slots=True)
class Again:
    """The next try: in how many seconds, and why then."""

    seconds: float
    why: str


OURS_FOR_GOOD = {
    "blocked",
    "insecure",
    "wrong_host",
    "unsendable",
    "tls",
    "encoding",
    "protocol",
}  # time heals none of these


def again(
    service: Service, operation: Operation, tries: int, setback: Setback, now: datetime
) -> Again | None:
    """Return when to try again after `tries` tries, or None when that could do harm or no good."""
    rules = service.retry
    if tries > rules.attempts or {setback.code, setback.type} & {*rules.never_codes, *OURS_FOR_GOOD}:
        return None
    if not _is_safe(service, operation, setback) or not _is_worth_it(setback, rules.statuses):
        return None
    if setback.headers.get(rules.should_retry_header.lower() or "-", "").lower() == "false":
        return None
    if told := _told(setback, rules.after_headers, now):
        return told[0]
    if told := _told(setback, rules.reset_headers, now):  # every limit must be open again
        return max(told, key=lambda wait: wait.seconds)
    seconds = FIRST * GROWTH ** (tries - 1)
    return Again(seconds * (1 + random.random() / 2), gettext_noop("a little longer each time"))  # noqa: S311  jitter is no secret


def _is_safe(service: Service, operation: Operation, setback: Setback) -> bool:
    keyed = bool(service.idempotency_header)
    return not setback.sent or operation.idempotent or keyed or setback.status in REFUSED_UNDONE


def _is_worth_it(setback: Setback, statuses: tuple[int, ...]) -> bool:
    return setback.status is None or setback.status >= 500 or setback.status in statuses


def _told(setback: Setback, names: tuple[str, ...], now: datetime) -> list[Again]:
    """Return what these headers ask for, in the order of the names."""
    said = [(name, setback.headers.get(name.lower(), "").strip()) for name in names]
    waits = [(name, text, wait_of(name, text, now)) for name, text in said if text]
    return [
        Again(
            min(max(seconds, SHORTEST), LONGEST),
            gettext_noop("the service said {name}: {text}").format(name=name, text=text[:60]),
        )
        for name, text, seconds in waits
        if seconds is not None
    ]


def wait_of(name: str, text: str, now: datetime) -> float | None:
    """Return the seconds that a header asks for: a number, an HTTP date, or `1m30s`; None for what says
    nothing.

    Names that end in -ms count in milliseconds; a reset that lies far from zero is a time since 1970."""
    readers: tuple[Callable[[], float | None], ...] = (
        lambda: _number(name, text, now),
        lambda: _duration(text),
        lambda: _date(text, now),
    )
    return next((found for reader in readers if (found := reader()) is not None), None)


def _number(name: str, text: str, now: datetime) -> float | None:
    if not re.fullmatch(r"-?\d{1,15}(\.\d{1,9})?", text):
        return None
    seconds = float(text) / (1000 if name.lower().endswith("-ms") else 1)
    return seconds - now.timestamp() if "reset" in name.lower() and seconds > 1e9 else seconds


def _duration(text: str) -> float | None:
    match = DURATION.fullmatch(text)
    if not match or not any(match.groups()):
        return None
    days, hours, minutes, seconds, milliseconds = (float(part or 0) for part in match.groups())
    whole = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds, milliseconds=milliseconds)
    return whole.total_seconds()


def _date(text: str, now: datetime) -> float | None:
    try:
        return (parsedate_to_datetime(text) - now).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
