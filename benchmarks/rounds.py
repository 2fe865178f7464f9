"""Rounds that take turns: every side of a ratio is measured within the same round, and so is the machine."""

import statistics
from collections.abc import Callable, Iterator, Mapping

from benchmarks import yardstick
from benchmarks.frame import Goal, Row, say, shown
from benchmarks.yardstick import Yardstick

Measure = Callable[[], float]


class Rounds:
    """What each measure came to in each round, and how the machine was; the warm-up round is not kept."""

    def __init__(self, measures: Mapping[str, Measure], rounds: int) -> None:
        """Let the measures take turns so often, once more than asked for the warm-up."""
        self.readings: dict[str, list[float]] = {name: [] for name in measures}
        self.machine: list[Yardstick] = []
        for number in range(rounds + 1):
            machine = yardstick.look()
            say(f"  round {number or 'warm-up'}: {machine}")
            read = {name: _told(name, measure()) for name, measure in measures.items()}
            if number:
                self.machine.append(machine)
                for name, reading in read.items():
                    self.readings[name].append(reading)

    def median(self, name: str) -> float:
        """Return the median of a measure."""
        return statistics.median(self.readings[name])

    def ratio(self, name: str, against: str) -> float | None:
        """Return the median of the ratios of all rounds; None when there was nothing to divide by."""
        both = zip(self.readings[name], self.readings[against], strict=True)
        ratios = [one / other for one, other in both if other]
        return statistics.median(ratios) if ratios else None

    def row(
        self, what: str, name: str, unit: str, *, against: str = "", goal: Goal | None = None, note: str = ""
    ) -> Row:
        """Return the line of a measure; `against` names another one, each round's ratio counts."""
        value = self.median(name)
        if not against:
            return Row.of(what, value, unit, goal=goal, note=note)
        ratio = self.ratio(name, against)
        other = (against, self.median(against))
        return Row.of(what, value, unit, against=other, ratio=ratio, goal=goal, note=note)

    def weather(self) -> Iterator[Row]:
        """Yield two lines about the machine, round by round."""
        for name, unit in (("processor", "MB/s"), ("disk", "syncs/s")):
            seen: list[float] = [getattr(one, name) for one in self.machine]
            note = "by round: " + ", ".join(map(shown, seen))
            yield Row.of(f"the machine meanwhile: {name}", statistics.median(seen), unit, note=note)


def _told(name: str, reading: float) -> float:
    say(f"    {name} {shown(reading)}")
    return reading
