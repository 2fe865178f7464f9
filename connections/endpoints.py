"""What the public door needs to know of an endpoint, read in two queries and frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from connections.crypto import SealError
from connections.models import Connection, Secret


@dataclass(frozen=True, slots=True)
class EndpointSecret:
    """One signing secret; `key` is the raw HMAC key. A previous one is good until `valid_until`."""

    id: UUID
    label: str  # "current" or "previous"
    key: bytes = field(repr=False)
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint as it was when it was loaded. `locked` says why secrets are missing here that do exist."""

    connection_id: UUID
    endpoint_id: UUID
    name: str
    service: str
    enabled: bool
    paused: bool
    secrets: tuple[EndpointSecret, ...]
    locked: str = ""
    practice: bool = False


def load(endpoint_id: UUID | None, service: str = "") -> Endpoint | None:
    """Return the endpoint with this id, or with None the default one of a service; None when there is none.

    A disabled endpoint is returned too: the door decides what to answer. There is no search by secret (T5).
    """
    rows = Connection.objects.all()
    rows = rows.filter(endpoint=endpoint_id) if endpoint_id else rows.filter(service=service, is_default=True)
    connection = rows.first()
    return _endpoint(connection) if connection else None


def touch(used: Mapping[UUID, datetime]) -> None:
    """Note when these secrets last verified a delivery: call it once for a batch, not for each delivery."""
    for secret_id, at in used.items():
        Secret.objects.filter(pk=secret_id).used(at)


def _endpoint(connection: Connection) -> Endpoint:
    secrets, locked = [], ""
    for row in connection.secrets.signing():
        try:
            secrets.append(EndpointSecret(row.pk, row.label, row.signing_key(), row.valid_until))
        except SealError as error:
            locked = str(error)
    return Endpoint(
        connection_id=connection.pk,
        endpoint_id=connection.endpoint,
        name=connection.name,
        service=connection.service,
        enabled=connection.enabled,
        paused=connection.paused,
        secrets=tuple(secrets),
        locked=locked,
        practice=connection.practice,
    )
