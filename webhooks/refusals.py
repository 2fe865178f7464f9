"""Refused deliveries on disk: alike ones in one row, and never more than an endpoint's share of the disk."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from live import hub
from webhooks.deliveries import TEST, Delivery, Refused
from webhooks.models import Rejection

MOST_ROWS = 500  # an endpoint; as many for all unknown endpoints together, without bodies
MOST_BODIES = 32 << 20  # bytes an endpoint


@dataclass(slots=True)
class Refusal:
    """One row in the making: the first delivery of its kind, and how many came."""

    id: int
    slot: UUID
    connection_id: UUID | None
    refused: Refused
    delivery: Delivery
    count: int = 0
    last_at: float = 0.0

    def row(self) -> Rejection:
        """Return the row to be written."""
        delivery = self.delivery
        return Rejection(
            id=self.id,
            slot=self.slot,
            connection_id=self.connection_id,
            cause=self.refused.cause,
            status=self.refused.status,
            detail=self.refused.detail,
            delivery_id=self.refused.delivery_id,
            path=delivery.shown_path,
            method=delivery.method[:20],
            peer=delivery.peer,
            headers=delivery.headers_json(),
            body=delivery.body if self.connection_id and _is_whole(delivery) else None,
            size=delivery.size,
            count=self.count,
            last_at=datetime.fromtimestamp(self.last_at, UTC),
            test=delivery.header(b"webhook-id").startswith(TEST.encode()),
        )


def _is_whole(delivery: Delivery) -> bool:
    """Tell whether the body is all there; of one in chunks that was not read nobody knows the size."""
    in_chunks = bool(delivery.header(b"transfer-encoding")) and not delivery.body
    return delivery.size <= len(delivery.body) and not in_chunks


def write(refused: list[Refusal]) -> None:
    """Write these refusals, add to the counts of rows that are there, keep to the bounds, tell the live
    pages.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        # In the order of their slots: two processes that add to the same rows never wait for each other in
        # a circle.
        written = [_upsert(cursor, one.row()) for one in sorted(refused, key=lambda one: one.slot)]
        for connection_id in {one.connection_id for one in refused}:
            _keep_to_bounds(cursor, connection_id)
        hub.publish("log", f"rej {min(written)} {max(written)}")


COLUMNS = Rejection._meta.concrete_fields
UPSERT = f"""
INSERT INTO webhooks_rejection ({", ".join(str(field.column) for field in COLUMNS)})
VALUES ({", ".join(["%s"] * len(COLUMNS))})
ON CONFLICT (slot) DO UPDATE SET count = webhooks_rejection.count + EXCLUDED.count, last_at = EXCLUDED.last_at
RETURNING id
"""  # noqa: S608  # the names are the model's own


def _upsert(cursor: CursorWrapper, row: Rejection) -> int:
    values = [field.get_db_prep_save(getattr(row, field.attname), connection) for field in COLUMNS]
    cursor.execute(UPSERT, values)
    return int(cursor.fetchone()[0])


def _keep_to_bounds(cursor: CursorWrapper, connection_id: UUID | None) -> None:
    """Forget the oldest rows beyond 500, and the oldest bodies beyond 32 MiB."""
    cursor.execute(FORGET_ROWS, [connection_id, connection_id, MOST_ROWS])
    cursor.execute(FORGET_BODIES, [connection_id, MOST_BODIES])


FORGET_ROWS = """
DELETE FROM webhooks_rejection WHERE connection_id IS NOT DISTINCT FROM %s AND id <= (
    SELECT id FROM webhooks_rejection WHERE connection_id IS NOT DISTINCT FROM %s
    ORDER BY id DESC OFFSET %s LIMIT 1)
"""
FORGET_BODIES = """
UPDATE webhooks_rejection SET body = NULL WHERE id IN (
    SELECT id FROM (
        SELECT id, sum(octet_length(body)) OVER (ORDER BY id DESC) AS total FROM webhooks_rejection
        WHERE connection_id = %s AND body IS NOT NULL) AS kept
    WHERE total > %s)
"""
