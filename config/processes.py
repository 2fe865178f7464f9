"""Child processes that die with us: in sessions of their own, stopped by the signal each understands."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15  # linux/prctl.h
LOG_LIMIT = 20 << 20  # bytes after which a log is put aside at the next start


def spawn(  # noqa: PLR0913  where it works, what it is told, what it keeps: a word each
    arguments: Sequence[str | Path],
    *,
    log: Path | None = None,
    folder: Path | None = None,
    output: int | None = None,
    environment: Mapping[str, str] | None = None,
    on_our_death: int = signal.SIGTERM,
    keeps: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a program in its own session, so that Ctrl-C reaches only us and we decide who stops when.

    What it says goes to the end of `log`, or to our own output; `output=subprocess.PIPE` keeps its answers
    apart. Of our open files it `keeps` these. On Linux the kernel sends it `on_our_death` when we end,
    however we end. Raises OSError when the program cannot be started.
    """
    said = _opened(log) if log else None
    try:
        return subprocess.Popen(  # noqa: S603  our own programs, never a person's words
            [str(argument) for argument in arguments],
            stdin=subprocess.DEVNULL,
            stdout=said if output is None else output,
            stderr=said,
            cwd=folder,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
            pass_fds=keeps,
            preexec_fn=_bound_to_us(on_our_death),
        )
    finally:
        if said:
            said.close()


def stop(process: subprocess.Popen[bytes], *, how: int = signal.SIGTERM, patience: float = 10) -> None:
    """Ask a child to end with `how`; after `patience` seconds end its whole session."""
    if process.poll() is not None:
        return
    process.send_signal(how)
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _opened(log: Path) -> IO[bytes]:
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(log.suffix + ".old"))
    return open(log, "ab")


def bind_to_parent(name: str) -> None:
    """Let the kernel end this process, just forked, with its parent, and show it under a name (Linux)."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        libc.prctl(PR_SET_NAME, name.encode()[:15])


def _bound_to_us(on_our_death: int) -> Callable[[], object] | None:
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up here: after the fork only the call itself may happen
    return lambda: prctl(PR_SET_PDEATHSIG, on_our_death)
