"""The ledger that the spending page shows: sums by day and by connection, with bars already laid out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from connections.models import ConnectionQuerySet
from operations.models import Spent

WIDTH, HEIGHT = 720, 140  # user units of the chart


@dataclass(frozen=True, slots=True)
class Line:
    """The sums of one connection, of one day, or of all."""

    name: str
    runs: int
    input_tokens: int
    output_tokens: int
    cost: Decimal

    @property
    def tokens(self) -> int:
        """Tokens in and out together."""
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, slots=True)
class Bar:
    """One day of the chart."""

    day: date
    line: Line
    x: float
    width: float
    height: float

    @property
    def y(self) -> float:
        """Where it begins, from the top."""
        return HEIGHT - self.height


@dataclass(frozen=True, slots=True)
class Ledger:
    """Everything the page shows. The bars stand for money, or for tokens while no price is known."""

    bars: list[Bar]
    lines: list[Line]
    whole: Line
    by_cost: bool


def of(connections: ConnectionQuerySet, first: date, days: int) -> Ledger:
    """Return the ledger of these connections for `days` days from `first`."""
    rows = list(Spent.objects.filter(connection__in=connections, day__gte=first).select_related("connection"))
    names = sorted({row.connection.name for row in rows})
    lines = [_line(name, [row for row in rows if row.connection.name == name]) for name in names]
    whole = _line("", rows)
    by_day = [
        (day, _line("", [row for row in rows if row.day == day]))
        for day in (first + timedelta(days=index) for index in range(days))
    ]
    lines.sort(key=lambda line: (line.cost, line.tokens), reverse=True)
    return Ledger(_bars(by_day, by_cost=whole.cost > 0), lines, whole, by_cost=whole.cost > 0)


def _line(name: str, rows: Iterable[Spent]) -> Line:
    kept = list(rows)
    return Line(
        name,
        sum(row.runs for row in kept),
        sum(row.input_tokens for row in kept),
        sum(row.output_tokens for row in kept),
        sum((row.cost for row in kept), Decimal(0)),
    )


def _bars(days: list[tuple[date, Line]], *, by_cost: bool) -> list[Bar]:
    heights = [float(line.cost) if by_cost else float(line.tokens) for _, line in days]
    largest, slot = max(heights, default=0) or 1, WIDTH / max(len(days), 1)
    return [
        Bar(day, line, index * slot + slot * 0.1, slot * 0.8, height / largest * HEIGHT)
        for index, ((day, line), height) in enumerate(zip(days, heights, strict=True))
    ]
