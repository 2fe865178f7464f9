"""Runs the load client, `load.c`, and reads what it wrote down."""

import shutil
import subprocess
from array import array
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from benchmarks import ROOT
from benchmarks.frame import percentile

SOURCE = Path(__file__).with_name("load.c")


@dataclass(frozen=True, slots=True)
class Load:
    """What became of one run of requests."""

    seconds: float
    indexes: "array[int]"
    statuses: "array[int]"
    microseconds: "array[int]"
    broken: int  # connections that ended
    lost: int  # requests that never got an answer

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.indexes) / self.seconds

    def milliseconds(self, share: float) -> float:
        """Return the latency that `share` of the answers kept to."""
        return percentile(self.microseconds, share) / 1000

    def counts(self) -> Counter[int]:
        """Return how many answers had which status."""
        return Counter(self.statuses)

    def with_status(self, status: int) -> list[int]:
        """Return the indexes of the requests that were answered so."""
        return [index for index, got in zip(self.indexes, self.statuses, strict=True) if got == status]


def send(port: int, requests: Path, *, connections: int, seconds: float) -> Load:
    """Send these requests over that many connections, until they or the seconds are used up."""
    answers = requests.with_suffix(".answers")
    words = [_program(), str(port), str(connections), str(seconds), str(requests), str(answers)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    took, _, broken, lost = done.stdout.split()
    read = array("I", answers.read_bytes())
    answers.unlink()
    return Load(float(took), read[0::3], read[1::3], read[2::3], int(broken), int(lost))


def _program() -> str:
    """Compile the client when it is older than its source. Raises RuntimeError without a C compiler."""
    program = ROOT / "load"
    if program.exists() and program.stat().st_mtime > SOURCE.stat().st_mtime:
        return str(program)
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not compiler:
        raise RuntimeError("The load client needs a C compiler: `apt-get install gcc`, then try again.")
    ROOT.mkdir(parents=True, exist_ok=True)
    subprocess.run([compiler, "-O2", "-D_GNU_SOURCE", "-o", str(program), str(SOURCE)], check=True)
    return str(program)
