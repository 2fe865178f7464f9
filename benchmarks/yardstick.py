"""How fast the machine itself is just now: what its cores hash, and how often its disk confirms a page.

The host of a virtual machine gives and takes; without this a slow round cannot be told from a slow product.
"""

import hashlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from benchmarks import ROOT

SECONDS = 0.2  # of each of the two
BLOCK = bytes(1 << 16)  # hashed without the interpreter's lock, so that threads use all cores
PAGE = bytes(8192)


@dataclass(frozen=True, slots=True)
class Yardstick:
    """One look at the machine."""

    processor: float  # MB/s of SHA-256, all cores at once
    disk: float  # pages of 8 KB a second, each with fdatasync

    def __str__(self) -> str:
        return f"processor {self.processor:,.0f} MB/s, disk {self.disk:,.0f} syncs/s"


def look() -> Yardstick:
    """Measure both, which takes 0.4 s."""
    cores = os.cpu_count() or 1
    with ThreadPoolExecutor(cores) as threads:
        hashed = sum(threads.map(lambda _: _hashed(), range(cores)))
    return Yardstick(hashed / SECONDS / 1e6, _synced() / SECONDS)


def _hashed() -> int:
    until, done = time.perf_counter() + SECONDS, 0
    while time.perf_counter() < until:
        hashlib.sha256(BLOCK).digest()
        done += len(BLOCK)
    return done


def _synced() -> int:
    ROOT.mkdir(parents=True, exist_ok=True)
    path = ROOT / f"yardstick-{os.getpid()}"
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.posix_fallocate(file, 0, 128 * len(PAGE))
        os.fsync(file)
        until, done = time.perf_counter() + SECONDS, 0
        while time.perf_counter() < until:
            os.pwrite(file, PAGE, done % 128 * len(PAGE))
            os.fdatasync(file)
            done += 1
        return done
    finally:
        os.close(file)
        path.unlink()
