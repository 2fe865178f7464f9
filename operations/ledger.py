"""The ledger that the spending page shows: sums by day and by connection."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from connections.models import ConnectionQuerySet
from operations.models import Spent


@dataclass(frozen=True, slots=True)
class Line:
    """The sums of one connection, of one day, or of all."""

    name: str
    runs: int
    input_tokens: int
    output_tokens: int
    cost: Decimal
    connection: UUID | None = None

    @property
    def tokens(self) -> int:
        """Tokens in and out together."""
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, slots=True)
class Ledger:
    """Everything the page shows: by day, by connection, and all together."""

    since: date
    days: list[tuple[date, Line]]
    lines: list[Line]
    whole: Line


def of(connections: ConnectionQuerySet, first: date, days: int) -> Ledger:
    """Return the ledger of these connections for `days` days from `first`."""
    rows = list(Spent.objects.filter(connection__in=connections, day__gte=first).select_related("connection"))
    whose = sorted({(row.connection.name, row.connection_id) for row in rows})
    lines = [_line(name, [row for row in rows if row.connection_id == pk], pk) for name, pk in whose]
    whole = _line("", rows)
    by_day = [
        (day, _line("", [row for row in rows if row.day == day]))
        for day in (first + timedelta(days=index) for index in range(days))
    ]
    lines.sort(key=lambda line: (line.cost, line.tokens), reverse=True)
    return Ledger(first, by_day, lines, whole)


def _line(name: str, rows: Iterable[Spent], connection: UUID | None = None) -> Line:
    kept = list(rows)
    return Line(
        name,
        sum(row.runs for row in kept),
        sum(row.input_tokens for row in kept),
        sum(row.output_tokens for row in kept),
        sum((row.cost for row in kept), Decimal(0)),
        connection,
    )
