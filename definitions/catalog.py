"""The only way in: which services there are, and what they can do."""

from definitions.schema import Event, Operation, Service


class UnknownService(LookupError):
    """No definition of that handle is loaded."""


class UnknownOperation(LookupError):
    """The service has no operation of that key."""


def services() -> tuple[Service, ...]:
    """Return every service whose definition could be read, in the order of their names."""
    raise NotImplementedError


def service(handle: str) -> Service:
    """Return the service with that handle. Raises UnknownService."""
    raise NotImplementedError


def operation(handle: str, key: str) -> Operation:
    """Return the operation `key` ("batches.create") of a service. Raises UnknownService, UnknownOperation."""
    raise NotImplementedError


def event(handle: str, type: str, resource: str = "") -> Event | None:
    """Return the event of that type, or None when the definition does not know it. Raises UnknownService."""
    raise NotImplementedError
