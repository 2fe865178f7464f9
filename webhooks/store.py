"""One connection to the database that writes arrivals: a prepared statement, a transaction, a round trip."""

import asyncio
import struct
from collections.abc import Sequence

from psycopg import AsyncConnection, errors
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.rows import TupleRow

from live import postgres
from webhooks.arrivals import COLUMNS, Arrival, columns

PATIENCE = 4.0  # seconds for one transaction: whoever waits for it is told 503 within five
NAME = b"door"
BINARY = 1
GENERIC = b"SET plan_cache_mode = force_generic_plan"  # a plan anew for each batch takes as long as ten rows
_PLACES = ", ".join(f"${number}::{kind.name}[]" for number, kind in enumerate(COLUMNS, 1))

# Keys go in sorted: two that write the same keys in different orders would wait for each other for ever.
# Whatever was there already does not come back.
STATEMENT = f"""
WITH arrived AS (
    SELECT * FROM unnest({_PLACES}) AS row ({", ".join(Arrival._fields)})
), fresh AS (
    INSERT INTO webhooks_dedupe (connection_id, delivery_id, event_id, digest)
    SELECT connection_id, delivery_id, id, digest FROM arrived ORDER BY connection_id, delivery_id
    ON CONFLICT DO NOTHING RETURNING event_id
), stored AS (
    INSERT INTO webhooks_event (
        id, connection_id, delivery_id, type, object_id, created_at, marks, path, peer, headers, secret_id,
        secret_label, body, size, origin, state, duplicates, hydration, error)
    SELECT id, connection_id, delivery_id, type, object_id, to_timestamp(created_at),
    string_to_array(marks, ','),
        path, peer, headers, secret_id, secret_label, body, octet_length(body), 'delivered', 'received',
        0, '', ''
    FROM arrived JOIN fresh ON fresh.event_id = arrived.id
)
SELECT event_id FROM fresh
"""  # noqa: S608  # the names are our own


class Store:
    """A connection of its own, opened on the first write and after each failure.

    It listens to its socket for good: psycopg's own waiting enters and leaves the loop's list of sockets for
    each batch, which costs as much as ten rows.
    """

    def __init__(self, connect: postgres.Connect = postgres.connect) -> None:
        self._connect = connect
        self._connection: AsyncConnection[TupleRow] | None = None
        self._answer: asyncio.Future[PGresult] | None = None
        self._results: list[PGresult] = []

    async def write(self, arrivals: Sequence[Arrival]) -> set[int]:
        """Commit the arrivals; return the ids of those that are new.

        Raises psycopg.DataError, psycopg.IntegrityError or UnicodeError for a row that no table holds, else
        psycopg.OperationalError or OSError: nothing is known then of what was committed.
        """
        given = columns(arrivals)
        try:
            connection = self._connection or await self._open()
            # Below psycopg's cursors, which would cost each batch another 0.3 ms.
            connection.pgconn.send_query_prepared(NAME, given, [BINARY] * len(given), result_format=BINARY)
            result = await self._result(connection)
        except (errors.DataError, errors.IntegrityError):
            raise
        except BaseException:
            await self.close()
            raise
        if result.ntuples == len(arrivals):
            return {arrival.id for arrival in arrivals}
        return {_bigint(result.get_value(row, 0)) for row in range(result.ntuples)}

    async def close(self) -> None:
        """Let go of the connection."""
        if connection := self._forget():
            await connection.close()

    async def _open(self) -> AsyncConnection[TupleRow]:
        self._connection = connection = await self._connect("door")
        asyncio.get_running_loop().add_reader(connection.fileno(), self._hear, connection.pgconn)
        connection.pgconn.send_query(GENERIC)
        await self._result(connection)
        connection.pgconn.send_prepare(NAME, STATEMENT.encode(), [kind.array for kind in COLUMNS])
        await self._result(connection)
        return connection

    async def _result(self, connection: AsyncConnection[TupleRow]) -> PGresult:
        """Wait for the answer to what was sent. Raises OperationalError when none comes in time."""
        self._answer, self._results = asyncio.get_running_loop().create_future(), []
        try:
            async with asyncio.timeout(PATIENCE):
                while (
                    connection.pgconn.flush()
                ):  # a batch is larger than the socket's buffer: it takes a moment
                    await asyncio.sleep(0.001)
                result = await self._answer
        except TimeoutError:
            raise errors.OperationalError(f"It has not answered for {PATIENCE:.0f} s.") from None
        if result.status not in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            raise errors.error_from_result(result)
        return result

    def _hear(self, pgconn: PGconn) -> None:
        """Take in what the server says; that it has left is an answer, too."""
        answer = self._answer
        try:
            pgconn.consume_input()
            while not pgconn.is_busy():
                result = pgconn.get_result()
                if result is None:
                    break
                self._results.append(result)
            else:
                return
        except errors.OperationalError as error:
            self._forget()
            if answer and not answer.done():
                answer.set_exception(error)
        else:
            if answer and not answer.done():
                answer.set_result(self._results[0])

    def _forget(self) -> AsyncConnection[TupleRow] | None:
        connection, self._connection = self._connection, None
        if connection is not None and not connection.closed:
            asyncio.get_running_loop().remove_reader(connection.fileno())
        return connection


def _bigint(value: bytes | None) -> int:
    return int(struct.unpack("!q", value or bytes(8))[0])
