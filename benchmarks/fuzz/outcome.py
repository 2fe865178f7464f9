"""What came of many cases, and how each that went wrong can be made again."""

from collections import Counter
from dataclasses import dataclass, field

from benchmarks.fuzz.headers import Case

ALLOWED = {200, 400, 401, 404, 405, 413, 429}


@dataclass
class Outcome:
    """How often each status was answered, what was raised, what was wrong; `name` leads back to a case."""

    name: str = "case"
    posts: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    stored: int = 0
    kinds: int = 0  # of forms that were posted to
    busy: Counter[str] = field(default_factory=Counter)  # what the log said while 503 was answered
    unproven: list[str] = field(default_factory=list)  # stored without a signature that fits

    def tell(self, case: Case, status: int, more: frozenset[int] = frozenset()) -> None:
        """Count an answer; a good delivery must be stored, and nothing may be answered otherwise.

        `more` are statuses that are right here beside the door's own.
        """
        self.posts += 1
        self.statuses[status] += 1
        if status not in ALLOWED | more or (not case.changes and status != 200):
            self.blame(case.number, f"{status} for {case.changes}: {_told(case)}")

    def raised(self, case: Case, error: Exception) -> None:
        """Count a case that ended in an exception."""
        self.posts += 1
        self.blame(
            case.number, f"{type(error).__name__} for {case.changes}: {error!s:.300} {case.headers!r:.300}"
        )

    def blame(self, number: int, sentence: str) -> None:
        """Keep what was wrong with a case, with the number by which it is made again."""
        self.wrong.append(f"{self.name} --first {number}: {sentence}")

    def add(self, more: "Outcome") -> None:
        """Take in what came of further cases."""
        self.posts += more.posts
        self.stored += more.stored
        self.kinds = max(self.kinds, more.kinds)
        self.statuses.update(more.statuses)
        self.busy.update(more.busy)
        self.wrong += more.wrong
        self.unproven += more.unproven


def _told(case: Case) -> str:
    return f"{case.method} {case.path[:80]!r} {case.headers!r:.600}"
