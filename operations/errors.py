"""The small family of ways in which a call fails, each with a sentence that says what to do next."""

NAME_IT = "let an administrator name {host} in SWITCHBOARD_PRIVATE_HOSTS"
CHECK_URL = "Check the connection's base URL"
SENTENCES = {
    "blocked": "This destination is not allowed: it is a private address or an unusual port. "
    "An administrator can name it in SWITCHBOARD_PRIVATE_HOSTS.",
    "insecure": f"A key is only sent over https. Change the connection's base URL to https, or {NAME_IT}.",
    "wrong_host": f"This connection's key may not be sent to {{host}}. {CHECK_URL}.",
    "dns": f"The name {{host}} could not be found. {CHECK_URL}, and this machine's network.",
    "unreachable": f"{{host}} could not be reached: nothing answers there. {CHECK_URL}, or try again later.",
    "connect_timeout": f"{{host}} did not answer within {{seconds:g}} s. {CHECK_URL}, or try again later.",
    "tls": "The identity of {host} could not be verified ({detail}), so nothing was sent. "
    f"{CHECK_URL}; a private authority's certificate goes into SWITCHBOARD_CA_FILE.",
    "timeout": "{host} did not finish its answer within {seconds:g} s.",
    "broken_off": "The connection to {host} broke off before the answer was complete.",
    "protocol": f"{{host}} answered something that is not HTTP ({{detail}}). {CHECK_URL}.",
    "unsendable": "This request cannot be sent: {detail}. Check the inputs.",
    "encoding": "{host} answered in an encoding that was not asked for ({detail}), so it cannot be read.",
    "aborted": "The run was taken away from this worker before anything was sent.",
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
        return SENTENCES[self.code].format_map(_Blanks({"detail": "no details", "seconds": 0} | self.facts))
