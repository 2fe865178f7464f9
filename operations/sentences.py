"""What an error answer of a service means to a person, and what to do next."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_noop

from definitions.schema import Errors
from definitions.selectors import pick

ADVICE = {
    400: gettext_noop("Check the inputs."),
    401: gettext_noop("The key was refused: enter it again on the connection's page."),
    402: gettext_noop("The account has no credit left: look at the service's billing page."),
    403: gettext_noop(
        "The key may not do this: give it the right at the service, or use another connection."
    ),
    404: gettext_noop("There is no such thing at the service: check the id."),
    405: gettext_noop("The service does not know this call: look at the definition's notes."),
    408: gettext_noop("The service lost patience: try again."),
    409: gettext_noop("Something else changed it at the same time: look at its state and try again."),
    413: gettext_noop("The request is too large for the service: send less."),
    415: gettext_noop("The service does not take this kind of content: look at the definition's notes."),
    422: gettext_noop("Check the inputs."),
    429: gettext_noop("Too many requests, or the quota is used up: wait, or look at the service's limits."),
}
REDIRECTED = gettext_noop(
    "Redirects are not followed, because the key would go with them: set the base URL to where it points."
)
ANSWERED = gettext_noop("The service answered {status}.")
ANSWERED_WITH = gettext_noop("The service answered {status}: {message}.")
NAMES = gettext_noop("It names “{param}”.")
THEIRS = gettext_noop("The service itself has trouble: try again later.")


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
    shape = ANSWERED_WITH if said["message"] else ANSWERED
    words = shape.format(status=status, message=said["message"].rstrip("."))
    words += f" {NAMES.format(param=said['param'])}" if said["param"] else ""
    return Trouble((said["code"] or f"http_{status}")[:60], f"{words} {advice(status)}".strip(), said["type"])


def advice(status: int, known: Mapping[int, str] = ADVICE) -> str:
    """Return what to do about a status."""
    if 300 <= status < 400:
        return REDIRECTED
    return known.get(status, THEIRS if status >= 500 else gettext_noop("Look at the raw answer."))


def _word(value: Any) -> str:
    return str(value)[:1_000] if isinstance(value, str | int) and not isinstance(value, bool) else ""
