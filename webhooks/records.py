"""Events and refusals as plain records, for the command line and the exports. The names must stay stable."""

from typing import Any

from webhooks.fields import Mapped
from webhooks.models import Arrived, Event, Rejection

EVENT_COLUMNS = (
    "id",
    "connection",
    "type",
    "object_id",
    "delivery_id",
    "state",
    "received_at",
    "created_at",
    "marks",
    "duplicates",
    "fields",
)
REJECTION_COLUMNS = (
    "id",
    "connection",
    "cause",
    "count",
    "status",
    "detail",
    "delivery_id",
    "received_at",
    "last_at",
    "peer",
    "path",
)


def event_record(event: Event, fields: Mapped) -> dict[str, Any]:
    """Return an event as a record; `fields` holds what was found."""
    return {
        **_common(event),
        "type": event.type,
        "object_id": event.object_id,
        "state": event.state,
        "created_at": event.created_at.isoformat() if event.created_at else None,
        "marks": [*event.marks, *([event.hydration] if event.hydration else [])],
        "duplicates": event.duplicates,
        "fields": fields.picked.resolved,
    }


def rejection_record(rejection: Rejection) -> dict[str, Any]:
    """Return refused deliveries of one kind as a record."""
    return {
        **_common(rejection),
        "type": "",
        "object_id": "",
        "state": "refused",
        "cause": rejection.cause,
        "count": rejection.count,
        "status": rejection.status,
        "detail": rejection.detail,
        "last_at": rejection.last_at.isoformat(),
        "peer": rejection.peer,
        "path": rejection.path,
    }


def _common(row: Arrived) -> dict[str, Any]:
    return {
        "id": row.code,
        "connection": row.connection.name if row.connection else None,
        "delivery_id": row.delivery_id,
        "received_at": row.arrived_at.isoformat(),
    }
