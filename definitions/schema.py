"""What a service is once it is read: frozen types that travel through every room."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from definitions.terms import Errors, Lifecycle, Limits, Pages, Retry, Selector, Stream, Webhooks

__all__ = [
    "Action",
    "Auth",
    "Errors",
    "Event",
    "Field",
    "Hydrate",
    "Lifecycle",
    "Limits",
    "Operation",
    "Pages",
    "Placeholder",
    "Resource",
    "Retry",
    "Selector",
    "Service",
    "Stream",
    "Webhooks",
]


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A named hole in an operation, a credential or an action; it becomes one form field."""

    name: str
    type: str = "String"  # String, Integer, Number, Boolean, File, Object
    description: str = ""
    required: bool = False
    options: tuple[str, ...] = ()
    json: str = ""  # "": text · "required": JSON · "allowed": text, or a list or object when handed one
    shape: str = ""  # of JSON values: "array", "object" or "" for either
    default: Any = None  # used when nobody said anything about it; a blank says something, and drops it
    accept: tuple[str, ...] = ()  # file name endings, ".mp3"
    max_bytes: int | None = None
    place: str = "body"  # endpoint, path, query, header, body, auth, action
    picker: str = ""  # key of a list operation whose items offer values, "models.list"
    picks: str = "id"  # which of the item's fields is the value
    clearable: bool = False  # None is sent as null; elsewhere None is blank
    label: str = ""
    header: str = ""  # the header's name when the place is "header"
    multiple: bool = False  # a list of values, one form row each
    multiline: bool = False  # long text
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """A named value that a selector picks out of an answer or an event."""

    name: str
    type: str = "String"  # String, Integer, Number, Boolean, Object
    selector: Selector = ()  # empty: the whole body
    multivalue: bool = False
    description: str = ""
    encoding: str = ""  # "base64": the text is a file; store it, never show it
    example: Any = None  # what practice answers; "…" at its end stands for letters that differ every time


@dataclass(frozen=True, slots=True)
class Operation:
    """One call that the service offers, ready to be shown as a form and built as a request."""

    service: str
    resource: str
    name: str
    key: str  # "batches.create"
    label: str
    description: str
    method: str
    path: str  # endpoint and path as one template, "/batches/{{batch_id}}"
    placeholders: tuple[Placeholder, ...] = ()  # required first
    fields: tuple[Field, ...] = ()
    query: tuple[tuple[str, str], ...] = ()  # name, template
    headers: tuple[tuple[str, str], ...] = ()  # name, template; of the resource and the operation
    body: Any = None  # the parsed template (definitions.template.Node), None without a body
    body_text: str = ""  # the template as written
    content_type: str = ""  # of the request: application/json, multipart/form-data, or "" without a body
    accept: str = ""  # the Accept header, where the operation has one of its own
    response_kind: str = ""  # json, text, binary; "": the answer's Content-Type decides
    practice: Mapping[str, Any] = field(
        default_factory=dict
    )  # how the simulator answers: type, texts, repeat
    timeout: float = 600.0  # seconds in all
    effect: str = ""  # "", "deletes", "cancels"
    lifecycle: Lifecycle | None = None
    is_list: bool = False
    items: Selector = ()  # where a list answer keeps its elements
    pages: Pages | None = None
    idempotent: bool = False  # may be sent twice without doing a thing twice
    stream: Stream | None = None
    names_object: str = ""  # placeholder that names the object this call is about, "batch_id"
    published: str = ""  # method and path as published, when the overlay changed them
    source: str = ""  # what the overlay's change rests on

    def placeholder(self, name: str) -> Placeholder | None:
        """Return the placeholder of that name, or None."""
        return next((found for found in self.placeholders if found.name == name), None)


@dataclass(frozen=True, slots=True)
class Hydrate:
    """How a thin event is completed: the operation to run, and where the event keeps its values."""

    operation: str  # "batches.read"
    bind: Mapping[str, Selector] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that the service says happened, or that an answer of ours shows to have happened."""

    type: str
    resource: str
    path: str  # the published path, "/webhooks/chatgpt/batch-completed"
    payload: tuple[Field, ...] = ()
    delivered: str = "undelivered"  # delivered, raised (here, after a run), retired, undelivered
    hydrate: Hydrate | None = None
    raised_by: tuple[str, ...] = ()  # operation keys whose answer raises it here
    raised_on: str = "success"  # or "failure": the error answer raises it
    label: str = ""
    description: str = ""
    source: str = ""
    when: Mapping[str, Any] = field(
        default_factory=dict
    )  # request values without which the service sends none


@dataclass(frozen=True, slots=True)
class Resource:
    """A noun of the service with its operations and events."""

    handle: str
    short: str
    description: str
    fields: tuple[Field, ...]
    operations: tuple[Operation, ...]
    events: tuple[Event, ...]
    lifecycle: Lifecycle | None = None

    def operation(self, name: str) -> Operation | None:
        """Return the operation of that name ("create"), or None."""
        return next((found for found in self.operations if found.name == name), None)


@dataclass(frozen=True, slots=True)
class Action:
    """A named, friendly way to run one operation; a composer turns its inputs into the operation's values."""

    handle: str
    label: str
    description: str
    operation: str  # "batches.create"
    inputs: tuple[Placeholder, ...]
    values: Mapping[str, Any]  # the operation's placeholder -> recipe, see definitions.compose
    one_of: tuple[tuple[str, ...], ...] = ()  # of each group at least one input is needed
    outputs: tuple[str, ...] = ()  # field names, the most telling first
    result: str = "text"  # how to show it: text, vector, transcript
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Auth:
    """How the service knows who asks: the credentials it needs and the header that carries them."""

    method: str
    placeholders: tuple[Placeholder, ...]
    header: str
    template: str  # "Bearer {{apiKey}}"


@dataclass(frozen=True, slots=True)
class Service:
    """An API as its definition describes it, overlay merged."""

    handle: str
    short: str
    description: str
    icon: str
    tags: tuple[str, ...]
    base_url: str
    auth: Auth
    resources: tuple[Resource, ...]
    headers: tuple[tuple[str, str], ...] = ()  # name, template; without Content-Type and the auth header
    optional_headers: tuple[Placeholder, ...] = ()
    actions: tuple[Action, ...] = ()
    webhooks: Webhooks = field(default_factory=Webhooks)
    errors: Errors = field(default_factory=Errors)
    retry: Retry = field(default_factory=Retry)
    limits: Limits = field(default_factory=Limits)
    test_operation: str = ""  # a read-only call that proves a key, "models.list"
    setup_steps: tuple[str, ...] = ()  # how to point the service's webhooks at us
    prices: Mapping[str, Any] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    idempotency_header: str = ""
    version: str = ""  # 12 hex digits: changes when anything of the definition does

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Return all operations, in the order of their resources."""
        return tuple(operation for resource in self.resources for operation in resource.operations)

    @property
    def events(self) -> tuple[Event, ...]:
        """Return all events, in the order of their resources."""
        return tuple(event for resource in self.resources for event in resource.events)

    def resource(self, handle: str) -> Resource | None:
        """Return the resource with that handle, or None."""
        return next((found for found in self.resources if found.handle == handle), None)

    def operation(self, key: str) -> Operation | None:
        """Return the operation with that key ("batches.create"), or None."""
        return next((found for found in self.operations if found.key == key), None)

    def event(self, type: str, resource: str = "") -> Event | None:
        """Return the event of that type, or None. Two resources may share a type; `resource` picks one."""
        found = (event for event in self.events if event.type == type and resource in ("", event.resource))
        return next(found, None)

    def action(self, handle: str) -> Action | None:
        """Return the action with that handle, or None."""
        return next((found for found in self.actions if found.handle == handle), None)
