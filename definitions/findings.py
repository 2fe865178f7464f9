"""What is wrong with a definition: the file, the place in it and one sentence, however it was found."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing to mend.

    `place` is the way to it, "batches.operations.delete.method"; `line` counts from 1.
    """

    file: str
    line: int
    place: str
    message: str

    def __str__(self) -> str:
        where = f"{self.line}:{self.place}" if self.line else self.place
        return f"{self.file}:{where}: {self.message}"


class BrokenDefinition(ValueError):
    """A definition cannot be loaded; `findings` holds everything that is wrong, not only the first."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))
