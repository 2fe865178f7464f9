"""From a connection, an operation and values to the request that would go out: for running, preview and dry run."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connections.models import Connection
from definitions import catalog
from definitions.schema import Operation, Service
from operations import build
from operations.outbound import Permit
from operations.redaction import Redactor


class NotReady(Exception):
    """The connection cannot be used now; `code` names why, the text says what to do."""

    def __init__(self, code: str, sentence: str) -> None:
        self.code = code
        super().__init__(sentence)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request ready to go out, with what it may do and how it may be shown."""

    service: Service
    operation: Operation
    request: build.Request
    masked: dict[str, Any]
    permit: Permit


def prepare(
    connection: Connection, operation_key: str, values: Mapping[str, Any], *, path: Path | None = None
) -> Prepared:
    """Unseal the credentials and build the request; `path` is where a long answer may go.

    Raises NotReady, connections.Locked, build.InputErrors, catalog.UnknownService and catalog.UnknownOperation."""
    if not connection.enabled:
        raise NotReady(
            "connection_disabled", f"“{connection.name}” is switched off: an administrator can switch it on."
        )
    service, operation = connection.definition, catalog.operation(connection.service, operation_key)
    base = connection.effective_base_url
    if not base:
        raise NotReady("no_simulator", "The practice service is not running: start it with `make run`.")
    credentials = connection.credentials()
    request = build.request(
        service, operation, values, credentials, base_url=base, options=connection.options
    )
    permit = Permit(
        credential_hosts=connection.allowed_hosts if credentials else None,
        simulator=connection.practice,
        total=operation.timeout,
        connect=service.limits.connect,
        keep=service.limits.answer_bytes,
        path=path,
        redactor=Redactor(credentials.values()),
    )
    return Prepared(service, operation, request, build.masked(request, credentials), permit)
