"""What the API sends and takes, as schemas; none of them has room for a secret."""

from datetime import datetime
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

from ninja import Field, Schema
from pydantic import ConfigDict

from webhooks.models import Cause

T = TypeVar("T")
DIGITS = "[0-7][0-9a-hjkmnp-tv-z]{12}"  # audit.ids: base 32 without i, l, o, u, below 2^63
TEXT = r"^[^\x00]*$"  # the database's texts hold no NUL


class Paged(Schema, Generic[T]):
    """One page, newest first; `next` goes into `after` for the older ones and is null at the end."""

    items: list[T]
    next: str | None


class ConnectionOut(Schema):
    """A connection."""

    id: UUID
    name: str
    service: str
    state: str
    endpoint_url: str
    endpoint_state: str
    practice: bool


class PlaceholderOut(Schema):
    """One value that an operation takes."""

    name: str
    type: str
    required: bool
    description: str
    options: list[str]


class OperationOut(Schema):
    """One operation of a service."""

    service: str
    key: str
    label: str
    description: str
    method: str
    effect: str
    values: list[PlaceholderOut]


class RunOut(Schema):
    """A run as a list shows it."""

    id: str
    state: str
    connection: UUID | None
    operation: str
    status: int | None
    error: str
    created_at: datetime
    finished_at: datetime | None


class RunDetail(RunOut):
    """A run with its answer: what was picked out of it, and its first 64 KiB as text, when it is text."""

    inputs: dict[str, Any]
    fields: dict[str, Any] | None
    items: list[Any] | None
    total_tokens: int | None
    answer: str | None


class EventOut(Schema):
    """An event as a list shows it."""

    id: str
    type: str
    state: str
    connection: UUID | None
    object_id: str
    delivery_id: str
    marks: list[str]
    received_at: datetime


class EventDetail(EventOut):
    """An event with its declared fields and its body as text, when it is text."""

    fields: dict[str, Any]
    body: str | None


class RefusalOut(Schema):
    """A refused delivery: why, and how often."""

    id: str
    cause: str
    detail: str
    status: int
    connection: UUID | None
    count: int
    received_at: datetime


class Strict(Schema):
    """What refuses members it does not know: a misspelt filter would answer more than was asked for."""

    model_config = ConfigDict(extra="forbid")


class RunIn(Strict):
    """What to run: through which connection, which operation, with which values."""

    connection: UUID
    operation: str = Field(max_length=200, examples=["models.list"])
    values: dict[str, Any] = {}
    once: UUID | None = Field(None, description="The same one again returns the run that it made.")


class PageIn(Strict):
    """How much of a list to read, and (`after`: a page's `next`) from where on."""

    after: str = ""
    limit: int = Field(50, ge=1, le=200)


class RunsIn(PageIn):
    """Which runs."""

    after: str = Field("", pattern=f"^$|^run_{DIGITS}$")
    state: Literal[
        "", "queued", "running", "sending", "waiting", "succeeded", "failed", "cancelled", "unknown"
    ] = ""
    connection: UUID | None = None
    operation: str = Field("", max_length=200, pattern=r"^$|^[\w-]+\.[\w-]+$")


class EventsIn(PageIn):
    """Which events."""

    after: str = Field("", pattern=f"^$|^evt_{DIGITS}$")
    state: Literal["", "received", "processed", "failed"] = ""
    connection: UUID | None = None
    type: str = Field("", max_length=200, pattern=TEXT)
    object_id: str = Field("", max_length=200, pattern=TEXT)


class RefusalsIn(PageIn):
    """Which refused deliveries."""

    after: str = Field("", pattern=f"^$|^rej_{DIGITS}$")
    cause: Cause | None = None
    connection: UUID | None = None
