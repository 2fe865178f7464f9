"""Charts drawn by the server as SVG: bars over time, with axes, units, hover texts, links and a table."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache, reduce
from math import floor, log10
from operator import add

from django.utils.formats import date_format, number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from audit.pages import Words
from overview.templatetags.look import duration, money, percent

WIDTH, HEIGHT = 340, 150  # user units, about a card's pixels: in a wider picture the words would shrink
LEFT, BOTTOM, TOP, RIGHT = 50, 22, 10, 6  # room for the axes
BASE = HEIGHT - BOTTOM
GAP = 0.22  # share of a bar's slot that stays empty
STEPS = (1, 2, 5, 10)
LABELS = 7  # days that the axis names at most
KEPT = 1024  # bars that stay drawn, 2 KB each; the overview has 144

MARK = (
    '{}<a class="chart-bar"{}><title>{}</title>'
    '<rect class="chart-hit" x="{}" y="0" width="{}" height="{}"></rect>{}</a>'
)
PART = '<rect class="{}" x="{}" y="{}" width="{}" height="{}"></rect>'
LEVEL = (
    f'<line class="chart-grid" x1="{LEFT}" x2="{WIDTH}" y1="{{0}}" y2="{{0}}"></line>'
    f'<text class="chart-label" x="{LEFT}" dx="-6" y="{{0}}" dy="4" text-anchor="end">{{1}}</text>'
)
TICK = '<text class="chart-label" x="{}" y="{}" dy="16" text-anchor="middle">{}</text>'


@dataclass(frozen=True, eq=False)
class Unit:
    """How values are written: on the axis, and in full; `whole` has no halves on the axis."""

    axis: Callable[[float], str]
    full: Callable[[float], str]
    whole: bool = False


@dataclass(frozen=True, eq=False)
class Series:
    """One colour: the name people read, its class, and the ways of ending that it counts (see `counted`)."""

    label: Words
    css: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Slot:
    """The time of one bar: in the table, on hover, below the axis ("" for none), and the list behind it."""

    name: str
    span: str
    tick: str = ""
    url: str = ""


@dataclass(frozen=True)
class Part:
    """One rectangle."""

    y: float
    height: float
    css: str


@dataclass(frozen=True)
class Bar:
    """One slot as it is drawn, and its line of the table."""

    slot: Slot
    x: float
    width: float
    parts: tuple[Part, ...]
    text: str
    values: tuple[str, ...]

    @property
    def middle(self) -> float:
        """Where its label stands."""
        return round(self.x + self.width / 2, 1)

    @property
    def url(self) -> str:
        """The list behind it; "" when there is nothing in it."""
        return self.slot.url if self.parts else ""

    @cached_property
    def mark(self) -> SafeString:
        """Itself as SVG, with its label on the axis."""
        tick = self.slot.tick and format_html(TICK, self.middle, BASE, self.slot.tick)
        link = self.url and format_html(' href="{}" tabindex="-1"', self.url)
        parts = ((part.css, self.x, part.y, self.width, part.height) for part in self.parts)
        return format_html(
            MARK, tick, link, self.text, self.x, self.width, BASE, format_html_join("", PART, parts)
        )

    @cached_property
    def line(self) -> SafeString:
        """Its row of the table."""
        name = format_html('<a href="{}">{}</a>', self.url, self.slot.name) if self.url else self.slot.name
        values = format_html_join("", '<td class="number">{}</td>', ((value,) for value in self.values))
        return format_html("<tr><td>{}</td>{}</tr>", name, values)


@dataclass(frozen=True)
class Scale:
    """What all bars of a chart have in common; not stacked, each part is drawn over the one before it."""

    series: tuple[Series, ...]
    unit: Unit
    top: float  # the value at the end of the axis
    bars: int
    stacked: bool
    language: str | None


@dataclass(frozen=True)
class Chart:
    """All that the template needs to draw, in user units. `said` sums it up in one sentence."""

    title: str
    said: str
    series: tuple[Series, ...]
    bars: tuple[Bar, ...]
    empty: bool
    y_ticks: tuple[tuple[float, str], ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    base: int = BASE

    @property
    def marks(self) -> SafeString:
        """The axis and all bars as SVG."""
        return reduce(add, (bar.mark for bar in self.bars), format_html_join("", LEVEL, self.y_ticks))

    @property
    def lines(self) -> SafeString:
        """All rows of the table."""
        return format_html_join("", "{}", ((bar.line,) for bar in self.bars))


def draw(
    title: str,
    slots: Sequence[Slot],
    rows: Sequence[Sequence[float]],
    series: Sequence[Series],
    unit: Unit,
    *,
    stacked: bool = True,
) -> Chart:
    """Return a chart of one bar a slot; `rows` has a value of each series for each slot.

    Not stacked, each series is drawn over the one before it, from the base: the largest comes first."""
    largest = max((sum(row) if stacked else max(row) for row in rows), default=0)
    top = nice(largest, whole=unit.whole)
    scale = Scale(tuple(series), unit, top, len(slots), stacked, get_language())
    pairs = zip(slots, rows, strict=True)
    halves = not unit.whole or (top > 1 and top % 2 == 0)
    ticks = (0, top / 2, top) if halves else (0, top)
    return Chart(
        title,
        _("%(title)s: at most %(most)s.") % {"title": title, "most": unit.full(largest)},
        scale.series,
        tuple(_bar(slot, place, tuple(row), scale) for place, (slot, row) in enumerate(pairs)),
        largest == 0,
        () if largest == 0 else tuple((round(_y(value, top), 1), unit.axis(value)) for value in ticks),
    )


@lru_cache(KEPT)
def _bar(slot: Slot, place: int, row: tuple[float, ...], scale: Scale) -> Bar:
    """Return a bar, drawn once: of a day's 24 only the newest changes from one look to the next. To draw all
    144 of the overview takes 15 to 20 ms, to find them again 0.6."""
    width = (WIDTH - LEFT - RIGHT) / scale.bars
    return Bar(
        slot,
        round(LEFT + width * (place + GAP / 2), 1),
        round(width * (1 - GAP), 1),
        tuple(_parts(row, scale)),
        _text(slot, row, scale),
        tuple(scale.unit.full(value) for value in row),
    )


def counted(counts: Sequence[Mapping[str, int]], series: Sequence[Series]) -> list[list[int]]:
    """Return the rows of a chart from how many things ended in which way."""
    return [[sum(one.get(name, 0) for name in part.names) for part in series] for one in counts]


def hours(starts: Sequence[datetime], address: Callable[[str, str], str]) -> list[Slot]:
    """Return a slot for each hour; `address` leads from its two ends to the list behind it."""
    return [
        Slot(
            f"{date_format(at, 'j M')} {at:%H:%M}",
            _("%(start)s to %(end)s UTC")
            % {"start": f"{at:%H:%M}", "end": f"{at + timedelta(hours=1):%H:%M}"},
            f"{at:%H:00}" if at.hour % 6 == 0 else "",
            address(f"{at:%Y-%m-%dT%H:%M}", f"{at + timedelta(hours=1):%Y-%m-%dT%H:%M}"),
        )
        for at in starts
    ]


def days(dates: Sequence[date], address: Callable[[str, str], str]) -> list[Slot]:
    """Return a slot for each day, with a label below some of them."""
    every = -(-len(dates) // LABELS)
    return [
        Slot(
            date_format(day, "j M"),
            date_format(day, "j M Y"),
            date_format(day, "j M") if place % every == every // 2 else "",
            address(day.isoformat(), day.isoformat()),
        )
        for place, day in enumerate(dates)
    ]


def nice(largest: float, *, whole: bool) -> float:
    """Return the smallest of 1, 2, 5, 10, 20, 50 … (and 0.5, 0.2 …) that is not less: the axis ends on it."""
    if largest <= 0 or (whole and largest <= 1):
        return 1
    power = 10.0 ** floor(log10(largest))
    return next((step * power for step in STEPS if step * power >= largest), 10 * power)


def _parts(row: Sequence[float], scale: Scale) -> Iterator[Part]:
    below = 0.0
    for one, value in zip(scale.series, row, strict=True):
        if value:
            y = _y(below + value, scale.top)
            yield Part(round(y, 1), round(_y(below, scale.top) - y, 1), one.css)
        below += value if scale.stacked else 0


def _text(slot: Slot, row: Sequence[float], scale: Scale) -> str:
    pairs = zip(scale.series, row, strict=True)
    said = ", ".join(f"{scale.unit.full(value)} {one.label}" for one, value in pairs if value)
    return f"{slot.span}: {said or _('none')}"


def _y(value: float, top: float) -> float:
    return BASE - (BASE - TOP) * value / top


def _short(value: float) -> str:
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g} {unit}"
    return f"{value:g}"


def _whole(value: float) -> str:
    return number_format(round(value), 0, force_grouping=True)


def _dollars(value: float) -> str:
    return money(value) or "$ 0"


COUNT = Unit(_short, _whole, whole=True)
SHARE = Unit(lambda value: f"{value:g} %", percent)
TIME = Unit(duration, duration)
MONEY = Unit(lambda value: f"$ {value:g}", _dollars)
