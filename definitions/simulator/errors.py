"""Errors on demand: a key, an id or any value of a request can ask practice to fail in a certain way."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from definitions.schema import Service
from definitions.simulator.http import Reply
from definitions.writing import put

ON_DEMAND = re.compile(
    r"practice-(error|slow)-(\d{1,3})"
)  # "practice-error-429"; "practice-slow-20": seconds
WORDS: Mapping[int, tuple[str, str]] = {
    400: ("invalid_request", "The request is not what this operation takes."),
    401: ("invalid_api_key", "This key is refused."),
    403: ("forbidden", "This key may not do that."),
    404: ("not_found", "There is no such thing."),
    405: ("method_not_supported", "This address does not take that method."),
    409: ("conflict", "Somebody else is changing this."),
    415: ("unsupported_content", "This operation takes another kind of body."),
    429: ("rate_limit_exceeded", "Too many requests; try again in a second."),
    500: ("server_error", "Something broke, as you asked."),
    503: ("overloaded", "Too much to do at the moment."),
}
KEYS = {"invalid": 401, "forbidden": 403, "ratelimit": 429, "quota": 429, "broken": 500}  # words inside a key
LONGEST = 120  # seconds that "practice-slow" waits at most


def error(service: Service, status: int, sentence: str = "", code: str = "", param: str = "") -> Reply:
    """Return an error answer in the service's own shape, its message beginning with "Practice:"."""
    known, words = WORDS.get(status, ("error", "This went wrong, as you asked."))
    where = service.errors
    body: dict[str, Any] = {}
    put(body, where.message, f"Practice: {sentence or words}")
    put(body, where.code, code or known)
    put(body, where.type, "practice_error")
    put(body, where.param, param or None)
    return Reply(status, body, headers={"retry-after": "1"} if status in (429, 503) else {})


def asked_by_key(service: Service, credential: str) -> Reply | None:
    """Return the error that a key asks for by a word in it, or None."""
    word = next((word for word in KEYS if word in credential.lower()), None)
    if not word:
        return None
    code = "insufficient_quota" if word == "quota" else ""
    return error(service, KEYS[word], f"The key asks for this error by the word {word!r} in it.", code)


def asked_by_value(service: Service, values: Any) -> Reply | None:
    """Return the error that some value of the request asks for ("practice-error-404"), or None."""
    for kind, number in _demands(values):
        if kind == "error" and 400 <= number <= 599:
            return error(service, number)
    return None


def wait_asked(values: Any) -> int:
    """Return the seconds that some value of the request asks to wait ("practice-slow-20"), else 0."""
    return next((min(number, LONGEST) for kind, number in _demands(values) if kind == "slow"), 0)


def _demands(value: Any) -> Iterator[tuple[str, int]]:
    if isinstance(value, str):
        yield from ((kind, int(number)) for kind, number in ON_DEMAND.findall(value[:100_000]))
    elif isinstance(value, dict | list):
        for child in value.values() if isinstance(value, dict) else value:
            yield from _demands(child)
