"""Runs the load client, `load.c`, and reads what it wrote down."""

import shutil
import subprocess
from array import array
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import ROOT, deliveries
from benchmarks.frame import percentile

SOURCE = Path(__file__).with_name("load.c")
MEMORY = Path(
    "/dev/shm"
)  # a hundred megabytes of requests on the disk would be in the way of what is measured


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


@contextmanager
def prepared(sender: deliveries.Sender, wanted: list[str]) -> Iterator[Path]:
    """Write one request for each name, before the clock starts; they are gone afterwards."""
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        requests = Path(folder) / "requests"
        deliveries.write(requests, sender, wanted)
        yield requests


def send(port: int, requests: Path, *, connections: int, seconds: float) -> Load:
    """Send these requests over that many connections, until they or the seconds are used up."""
    answers = requests.with_suffix(".answers")
    words = [compiled(SOURCE), str(port), str(connections), str(seconds), str(requests), str(answers)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    took, _, broken, lost = done.stdout.split()
    read = array("I", answers.read_bytes())
    return Load(float(took), read[0::3], read[1::3], read[2::3], int(broken), int(lost))


def compiled(source: Path) -> str:
    """Return the program of a C source, compiled when it is older. Raises RuntimeError without a compiler."""
    program = ROOT / source.stem
    if program.exists() and program.stat().st_mtime > source.stat().st_mtime:
        return str(program)
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not compiler:
        raise RuntimeError("The load clients need a C compiler: `apt-get install gcc`, then try again.")
    ROOT.mkdir(parents=True, exist_ok=True)
    subprocess.run([compiler, "-O2", "-D_GNU_SOURCE", "-o", str(program), str(source)], check=True)
    return str(program)
