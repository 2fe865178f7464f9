"""The small family of ways in which a call fails, each with a sentence that says what to do next."""

from django.utils.translation import gettext_noop

BASE_URL = gettext_noop("the connection's base URL")  # what to check, unless the call knows better

SENTENCES = {
    "blocked": gettext_noop(
        "This destination is not allowed: it is a private address or an unusual port. "
        "An administrator can name it in SWITCHBOARD_PRIVATE_HOSTS."
    ),
    "insecure": gettext_noop(
        "A key is only sent over https. Change the connection's base URL to https, or let an administrator "
        "name {host} in SWITCHBOARD_PRIVATE_HOSTS."
    ),
    "wrong_host": gettext_noop(
        "This connection's key may not be sent to {host}. Check the connection's base URL."
    ),
    "dns": gettext_noop("The name {host} could not be found. Check {address}, and this machine's network."),
    "unreachable": gettext_noop(
        "{host} could not be reached: nothing answers there. Check {address}, or try again later."
    ),
    "connect_timeout": gettext_noop(
        "{host} did not answer within {seconds:g} s. Check {address}, or try again later."
    ),
    "tls": gettext_noop(
        "The identity of {host} could not be verified ({detail}), so nothing was sent. Check {address}; "
        "a private authority's certificate goes into SWITCHBOARD_CA_FILE."
    ),
    "timeout": gettext_noop("{host} did not finish its answer within {seconds:g} s."),
    "broken_off": gettext_noop("The connection to {host} broke off before the answer was complete."),
    "protocol": gettext_noop("{host} answered something that is not HTTP ({detail}). Check {address}."),
    "unsendable": gettext_noop("This request cannot be sent: {detail}. Check the inputs."),
    "encoding": gettext_noop(
        "{host} answered in an encoding that was not asked for ({detail}), so it cannot be read."
    ),
    "aborted": gettext_noop("The run was taken away from this worker before anything was sent."),
}


class _Blanks(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "the service"


class SendError(Exception):
    """The service could not be asked. `code` is a key of SENTENCES; `sent` says whether anything may have
    gone out."""

    def __init__(self, code: str, *, sent: bool = False, **facts: object) -> None:
        self.code, self.sent, self.facts = code, sent, facts
        super().__init__(code)

    @property
    def sentence(self) -> str:
        """What happened and what to do next."""
        usual = {"detail": "no details", "seconds": 0, "address": BASE_URL}
        return SENTENCES[self.code].format_map(_Blanks(usual | self.facts))
