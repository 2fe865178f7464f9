"""Charts drawn by the server as SVG: stacked bars over time, with axes, hover texts, links and a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from audit.pages import Words

WIDTH, HEIGHT = 480, 160  # user units; the picture scales with its card
LEFT, BOTTOM, TOP, RIGHT = 36, 22, 8, 12  # room for the axes
GAP = 0.22  # share of a bar's slot that stays empty
STEPS = (1, 2, 5)


@dataclass(frozen=True)
class Series:
    """One colour of the stack: the name people read, the ways of ending that it sums, and its class."""

    label: Words
    names: tuple[str, ...]
    css: str


@dataclass(frozen=True)
class Part:
    """One rectangle."""

    y: float
    height: float
    css: str


@dataclass(frozen=True)
class Bar:
    """One hour: where it stands, its rectangles, and what hovering says."""

    x: float
    width: float
    parts: tuple[Part, ...]
    text: str


@dataclass(frozen=True)
class Chart:
    """All that the template needs to draw, in user units."""

    title: str
    series: tuple[Series, ...]
    bars: tuple[Bar, ...]
    y_ticks: tuple[tuple[float, str], ...]
    x_ticks: tuple[tuple[float, str], ...]
    table: tuple[tuple[datetime, tuple[int, ...]], ...]
    total: int
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    base: int = HEIGHT - BOTTOM


def stacked(
    title: str,
    starts: Sequence[datetime],
    counts: Sequence[Mapping[str, int]],
    series: Sequence[Series],
) -> Chart:
    """Return a chart of one bar an hour."""
    table = tuple(
        (start, tuple(sum(hour.get(name, 0) for name in one.names) for one in series))
        for start, hour in zip(starts, counts, strict=True)
    )
    top = _nice(max((sum(values) for _, values in table), default=0))
    slot = (WIDTH - LEFT - RIGHT) / max(len(table), 1)
    bars = tuple(_bar(place, slot, at, values, series, top) for place, (at, values) in enumerate(table))
    return Chart(
        title=title,
        series=tuple(series),
        bars=bars,
        y_ticks=tuple((_y(value, top), _short(value)) for value in (0, top / 2, top) if value == int(value)),
        x_ticks=tuple(
            (bar.x + bar.width / 2, f"{at:%H:00}")
            for bar, (at, _) in zip(bars, table, strict=True)
            if at.hour % 6 == 0
        ),
        table=table,
        total=sum(sum(values) for _, values in table),
    )


def _bar(
    place: int, slot: float, at: datetime, values: Sequence[int], series: Sequence[Series], top: int
) -> Bar:
    parts, below = [], 0
    for one, value in zip(series, values, strict=True):
        if value:
            y = _y(below + value, top)
            parts.append(Part(round(y, 1), round(_y(below, top) - y, 1), one.css))
        below += value
    said = ", ".join(f"{value:,} {one.label}" for one, value in zip(series, values, strict=True) if value)
    text = _("%(start)s to %(end)s UTC: %(said)s") % {
        "start": f"{at:%H:%M}",
        "end": f"{at + timedelta(hours=1):%H:%M}",
        "said": said or _("none"),
    }
    return Bar(round(LEFT + slot * (place + GAP / 2), 1), round(slot * (1 - GAP), 1), tuple(parts), text)


def _y(value: float, top: int) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * value / top


def _nice(largest: int) -> int:
    """Return the smallest of 1, 2, 5, 10, 20, 50 … that is not less than `largest`: the axis ends on it."""
    power = 1
    while True:
        for step in STEPS:
            if step * power >= largest:
                return step * power
        power *= 10


def _short(value: float) -> str:
    for size, unit in ((1_000_000, "M"), (1_000, "k")):
        if value >= size:
            return f"{value / size:g} {unit}"
    return f"{value:g}"
