"""The clock and the resolver of the copy's machine, moved and broken for every program of it at once.

No package does this here, so `weather.c` is preloaded into all programs of the copy, PostgreSQL included: it
adds seconds to the time of day and lets names fail to resolve. Senders and service stand outside and keep the
right time.
"""

import shutil
import struct
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("weather.c")
FILE, LIBRARY = "weather", "weather.so"


def environment(home: Path) -> dict[str, str]:
    """Return what a copy with that home has to be started with; nothing where there is no C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not compiler:
        return {}
    build = [compiler, "-O2", "-shared", "-fPIC", "-o", home / LIBRARY, SOURCE, "-ldl"]
    subprocess.run(build, check=True)
    tell(home)
    return {"LD_PRELOAD": str(home / LIBRARY), "CHAOS_WEATHER": str(home / FILE)}


def may_change(home: Path) -> bool:
    """Say whether the copy with that home was started so."""
    return (home / FILE).exists()


def tell(home: Path, seconds: int = 0, *, names_are_away: bool = False) -> None:
    """Set the copy's clock so many seconds off, and take its resolver away."""
    path = home / FILE
    with open(path, "r+b" if path.exists() else "w+b") as file:  # in place: it is mapped
        file.write(struct.pack("=qq", seconds, names_are_away))
