"""Many open live pages in a process of their own (`viewers.c`), and what they saw."""

import struct
import subprocess
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import load
from benchmarks.frame import percentile

SOURCE = Path(__file__).with_name("viewers.c")
CODE = 13  # characters of an event's code behind `evt_`
RECORD = struct.Struct("=IId")
GENTLY = 100  # pages that are being opened at a time


@dataclass(frozen=True, slots=True)
class Seen:
    """What the pages saw of some events."""

    latencies: "array[float]"  # ms from the commit to the bytes, of every event at every page
    worst: float  # ms: the 99th percentile of the page that fared worst
    lost: int  # events that a page never got
    cut_off: int  # reading pages that the server ended
    slow_cut_off: int  # pages that read nothing, and were ended

    def late(self, share: float) -> float:
        """Return the latency in ms that this share kept to."""
        return percentile(self.latencies, share)


class Crowd:
    """Open pages; the last `slow` of them read nothing."""

    def __init__(self, process: "subprocess.Popen[str]", seen: Path, viewers: int, slow: int) -> None:
        self._process, self._seen, self.viewers, self.slow = process, seen, viewers, slow
        self.opened = self._answer("open")[0]  # seconds until all were greeted

    def again(self) -> float:
        """Open those that were lost once more; return the seconds until all were greeted."""
        self._say("again")
        return self._answer("open")[0]

    def told(self, committed: dict[str, float]) -> Seen:
        """Return what was seen of these events (code: moment of the commit) since the last time."""
        self._say("tell")
        events, _, lost, slow_lost = map(int, self._answer("told"))
        read = self._seen.read_bytes()
        codes = [read[at : at + CODE].decode() for at in range(0, events * CODE, CODE)]
        commits = [committed.get(f"evt_{code}") for code in codes]
        pages = [array("d") for _ in range(self.viewers - self.slow)]
        for page, number, at in RECORD.iter_unpack(read[events * CODE :]):
            commit = commits[number]
            if commit is not None and page < len(pages):
                pages[page].append((at - commit) * 1000)
        every = array("d")
        for page_times in pages:
            every.extend(page_times)
        worst = max(percentile(page_times, 0.99) for page_times in pages)
        missed = len(committed) * len(pages) - len(every)
        return Seen(every, worst, missed, lost - slow_lost, slow_lost)

    def _say(self, word: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()

    def _answer(self, word: str) -> list[float]:
        assert self._process.stdout
        said, *numbers = self._process.stdout.readline().split() or ["nothing"]
        assert said == word, "the live pages could not be opened; what they say stands above"
        return [float(number) for number in numbers]


@contextmanager
def crowd(
    port: int, cookie: str, viewers: int, *, slow: int = 0, at_once: int = GENTLY, query: str = ""
) -> Iterator[Crowd]:
    """Open so many pages of the log, with more of a query (`&connection=…`); close them at the end."""
    lines = (
        f"GET /live/?topic=log{query} HTTP/1.1",
        "host: localhost",
        f"cookie: {cookie}",
        "accept: text/event-stream",
    )
    with TemporaryDirectory(dir=load.MEMORY if load.MEMORY.is_dir() else None) as folder:
        request, seen = Path(folder) / "request", Path(folder) / "seen"
        request.write_text("\r\n".join((*lines, "", "")), newline="")
        numbers = map(str, (port, viewers, slow, at_once))
        words = [load.compiled(SOURCE), *numbers, str(request), str(seen)]
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            yield Crowd(process, seen, viewers, slow)
        finally:
            process.kill()
            process.wait()
