"""Draws measurements as curves: one SVG, logarithmic to the right, readable in light and dark."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

Points = Sequence[tuple[float, float]]
WIDTH, HEIGHT, LEFT, TOP, BOTTOM, RIGHT = 640, 360, 64, 40, 44, 170
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")  # told apart by the colour-blind

ROUND = (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10)


@dataclass(frozen=True, slots=True)
class Chart:
    """Several curves over the same sizes."""

    title: str
    across: str  # what the sizes are
    unit: str
    curves: Mapping[str, Points]

    def write(self, path: Path) -> None:
        """Write the SVG."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.svg())

    def svg(self) -> str:
        """Return the picture."""
        parts = [
            *self._frame(),
            *(part for number in range(len(self.curves)) for part in self._curve(number)),
        ]
        body = "\n".join(parts)
        style = "text{font:12px sans-serif;fill:#777} .title{font-size:14px;font-weight:600}"
        box = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
        opening = f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img">'
        return f"{opening}<style>{style}</style>\n{body}\n</svg>\n"

    def _frame(self) -> list[str]:
        sizes = sorted({x for points in self.curves.values() for x, _ in points})
        low, right = HEIGHT - BOTTOM, WIDTH - RIGHT
        lines = [f'<text class="title" x="{LEFT}" y="22">{escape(f"{self.title}, {self.unit}")}</text>']
        lines.append(
            f'<text x="{(LEFT + right) / 2}" y="{HEIGHT - 8}" text-anchor="middle">{self.across}</text>'
        )
        for share in (0, 0.25, 0.5, 0.75, 1):
            y = low - share * (low - TOP)
            lines.append(f'<path d="M{LEFT} {y:.1f}H{right}" stroke="#8884"/>')
            label = f"{self._most() * share:,.4g}"
            lines.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>')
        for size in sizes:
            lines.append(
                f'<text x="{self._x(size):.1f}" y="{low + 18}" text-anchor="middle">{_words(size)}</text>'
            )
        return lines

    def _curve(self, number: int) -> list[str]:
        name, points = list(self.curves.items())[number]
        colour = COLOURS[number % len(COLOURS)]
        places = [(self._x(x), self._y(y)) for x, y in points]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        dots = "".join(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"><title>{value:.4g}</title></circle>'
            for (x, y), (_, value) in zip(places, points, strict=True)
        )
        at = TOP + 8 + 18 * number
        label = f'<text x="{WIDTH - RIGHT + 28}" y="{at + 4}">{escape(name)}</text>'
        key = f'<path d="M{WIDTH - RIGHT + 10} {at}h12" stroke="{colour}" stroke-width="3"/>'
        return [
            f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>',
            dots,
            key,
            label,
        ]

    def _x(self, size: float) -> float:
        sizes = [math.log10(x) for points in self.curves.values() for x, _ in points]
        span = max(sizes) - min(sizes) or 1
        return LEFT + 20 + (math.log10(size) - min(sizes)) / span * (WIDTH - RIGHT - LEFT - 40)

    def _y(self, value: float) -> float:
        return HEIGHT - BOTTOM - value / self._most() * (HEIGHT - BOTTOM - TOP)

    def _most(self) -> float:
        """Return where the scale ends: a round number, and so are its quarters."""
        largest = max(y for points in self.curves.values() for _, y in points) or 1
        tens: float = 10 ** math.floor(math.log10(largest))
        return next(round_one * tens for round_one in ROUND if round_one * tens >= largest)


def _words(size: float) -> str:
    """Return a size in three characters or so; a logarithmic scale has no zero, so 1 stands for it."""
    for unit, name in ((1_000_000, " M"), (1_000, " k")):
        if size >= unit:
            return f"{size / unit:g}{name}"
    return "0" if size == 1 else f"{size:g}"
