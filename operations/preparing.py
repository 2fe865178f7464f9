"""From a connection, an operation and values to the request that would go out: for running, preview and dry
run."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_noop

from connections.models import Connection, Locked
from definitions import catalog
from definitions.schema import Operation, Service
from operations import actions, build
from operations.models import Origin, Run
from operations.outbound import Permit
from operations.redaction import Redactor

SHOWN_OF_TEXT, SHOWN_OF_DATA = 16_384, 80  # characters of one value in a stored request

TEST_LIMIT = 15.0  # seconds: somebody waits for the sentence


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


def prepare_run(run: Run, path: Path) -> Prepared:
    """Prepare a run through its connection. Raises NotReady for everything that keeps it from going out."""
    if run.connection is None or run.connection.deleted_at:
        raise NotReady(
            "connection_gone", gettext_noop("Its connection was deleted: run it again through another.")
        )
    try:
        values = actions.composed(run.service, run.action, run.values())
        prepared = prepare(run.connection, run.operation_key, values, path=path)
    except build.InputErrors as error:
        raise NotReady(
            "inputs", gettext_noop("These inputs make no request: {error}.").format(error=error)
        ) from None
    except Locked as error:
        raise NotReady("locked", str(error)) from None
    except LookupError as error:  # the definition has no such service, operation or action any more
        raise NotReady("definition", str(error)) from None
    except OSError as error:  # a picture that an action was to show is gone
        raise NotReady(
            "file_gone",
            gettext_noop("A file of this run cannot be read: {strerror}.").format(strerror=error.strerror),
        ) from None
    prepared = _keyed(prepared, str(run.idempotency_key))
    if run.origin != Origin.TEST:
        return prepared
    return replace(prepared, permit=replace(prepared.permit, total=min(prepared.permit.total, TEST_LIMIT)))


def _keyed(prepared: Prepared, key: str) -> Prepared:
    """Add the run's own key where the service knows such a header: a retry bears the same one."""
    name = prepared.service.idempotency_header
    if not name:
        return prepared
    masked = {**prepared.masked, "headers": {**prepared.masked["headers"], name: key}}
    headers = (*prepared.request.headers, (name, key))
    return replace(prepared, masked=masked, request=replace(prepared.request, headers=headers))


def prepare(
    connection: Connection, operation_key: str, values: Mapping[str, Any], *, path: Path | None = None
) -> Prepared:
    """Unseal the credentials and build the request; `path` is where a long answer may go.

    Raises NotReady, connections.Locked, build.InputErrors, catalog.UnknownService and
    catalog.UnknownOperation."""
    if not connection.enabled:
        raise NotReady(
            "connection_disabled",
            gettext_noop("“{name}” is switched off: an administrator can switch it on.").format(
                name=connection.name
            ),
        )
    service, operation = connection.definition, catalog.operation(connection.service, operation_key)
    base = connection.effective_base_url
    if not base:
        raise NotReady(
            "no_simulator", gettext_noop("The practice service is not running: start it with `make run`.")
        )
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
    return Prepared(service, operation, request, shortened(build.masked(request, credentials)), permit)


def shortened(value: Any) -> Any:
    """Return a masked request as it is kept and shown: megabytes of a picture say nothing to a reader."""
    if isinstance(value, dict):
        return {key: shortened(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shortened(item) for item in value]
    if not isinstance(value, str):
        return value
    most = SHOWN_OF_DATA if value.startswith("data:") else SHOWN_OF_TEXT
    return value if len(value) <= most else f"{value[:most]}… ({len(value):,} characters)"
