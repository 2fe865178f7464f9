"""The terms on which a service is asked and heard: signatures, errors, retries, limits, pages, streams."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Selector = tuple[str, ...]  # keys from the outside in; definitions.selectors tells what a segment may be


@dataclass(frozen=True, slots=True)
class Webhooks:
    """How deliveries are signed, and where a delivery says what happened to what."""

    scheme: str = "none"  # standard-webhooks, hmac-sha256-header, none
    tolerance: int = 300  # seconds of age, both ways; only schemes with a timestamp
    signature_header: str = ""
    signature_prefix: str = ""  # "sha256="
    encoding: str = "hex"  # of hmac-sha256-header: hex or base64
    dedupe_header: str = ""
    type_header: str = ""
    type: Selector = ("type",)
    object: Selector = ("data",)  # the envelope's object; absent: the body itself is the object
    id: Selector = ("data", "id")
    created: Selector = ("created_at",)
    secret_prefix: str = ""  # "whsec_"
    user_agent: str = ""
    sample: Mapping[str, Any] = field(default_factory=dict)  # what else stands in a delivery, for practice

    @property
    def signed(self) -> bool:
        """Tell whether deliveries carry a signature at all."""
        return self.scheme != "none"


@dataclass(frozen=True, slots=True)
class Errors:
    """Where an error answer keeps its words."""

    message: Selector = ("error", "message")
    code: Selector = ("error", "code")
    type: Selector = ("error", "type")
    param: Selector = ("error", "param")
    request_id_header: str = "x-request-id"


@dataclass(frozen=True, slots=True)
class Retry:
    """Which answers are worth another try, and which headers say when."""

    attempts: int = 2  # tries after the first
    statuses: tuple[int, ...] = (408, 409, 429)  # and every 5xx
    after_headers: tuple[str, ...] = ("retry-after-ms", "retry-after")
    reset_headers: tuple[str, ...] = ()
    should_retry_header: str = ""
    longest_wait: float = 120.0  # seconds; told to wait longer, we give up
    never_codes: tuple[str, ...] = ()  # error codes that time does not heal


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how much, when an operation says nothing itself."""

    connect: float = 5.0  # seconds
    timeout: float = 600.0  # seconds in all
    answer_bytes: int = 32 << 20


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """When something of the service ends or ended, and what to use instead."""

    shutdown: str = ""  # ISO date
    use: str = ""
    note: str = ""
    deprecated: bool = False

    @property
    def is_over(self) -> bool:
        """Tell whether the service has shut it down by now."""
        return bool(self.shutdown) and self.shutdown <= datetime.now(UTC).date().isoformat()


@dataclass(frozen=True, slots=True)
class Pages:
    """How a list operation goes on: the placeholders that ask, and where the answer says what comes next."""

    cursor: str = ""  # placeholder that takes the cursor, "after"
    page: str = ""  # placeholder that takes the page's number, where pages are counted
    limit: str = ""  # placeholder that takes the page size
    more: Selector = ()  # truthy while there is a next page; empty: until a page has no items
    next: Selector = ()  # where the next cursor stands in the answer


@dataclass(frozen=True, slots=True)
class Stream:
    """How an operation answers piece by piece, when its placeholder "stream" is true."""

    text: tuple[Selector, ...] = ()  # where one streamed event keeps its piece of text
    document: Selector = ()  # where one of the events keeps the whole answer
    into: Selector = ()  # where the pieces of text together stand in the whole answer
    members: Mapping[str, Any] = field(default_factory=dict)  # what else a request for a stream says
