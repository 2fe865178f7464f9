"""What an error answer of a service means to a person, and what to do next."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from definitions.schema import Errors
from definitions.selectors import pick

ADVICE = {
    400: "Check the inputs.",
    401: "The key was refused: enter it again on the connection's page.",
    402: "The account has no credit left: look at the service's billing page.",
    403: "The key may not do this: give it the right at the service, or use another connection.",
    404: "There is no such thing at the service: check the id.",
    405: "The service does not know this call: look at the definition's notes.",
    408: "The service lost patience: try again.",
    409: "Something else changed it at the same time: look at its state and try again.",
    413: "The request is too large for the service: send less.",
    415: "The service does not take this kind of content: look at the definition's notes.",
    422: "Check the inputs.",
    429: "Too many requests, or the quota is used up: wait, or look at the service's limits.",
}
REDIRECTED = (
    "Redirects are not followed, because the key would go with them: set the base URL to where it points."
)
THEIRS = "The service itself has trouble: try again later."


@dataclass(frozen=True, slots=True)
class Trouble:
    """An error answer, read."""

    code: str
    sentence: str
    type: str = ""


def of_answer(status: int, document: Any, errors: Errors) -> Trouble:
    """Return what an answer with this status and parsed body says. The message is the service's own words."""
    said = {
        name: _word(pick(document, getattr(errors, name))) for name in ("message", "code", "type", "param")
    }
    words = f"The service answered {status}"
    words += f": {said['message'].rstrip('.')}." if said["message"] else "."
    words += f" It names “{said['param']}”." if said["param"] else ""
    return Trouble((said["code"] or f"http_{status}")[:60], f"{words} {advice(status)}".strip(), said["type"])


def advice(status: int, known: Mapping[int, str] = ADVICE) -> str:
    """Return what to do about a status."""
    if 300 <= status < 400:
        return REDIRECTED
    return known.get(status, THEIRS if status >= 500 else "Look at the raw answer.")


def _word(value: Any) -> str:
    return str(value)[:1_000] if isinstance(value, str | int) and not isinstance(value, bool) else ""
