"""Child processes that die with us: started in sessions of their own, stopped by the signal each one understands."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def spawn(
    arguments: Sequence[str | Path],
    *,
    log: Path | None = None,
    environment: Mapping[str, str] | None = None,
    on_our_death: int = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a program in its own session, so that Ctrl-C reaches only us and we decide who stops when.

    Its output goes to the end of `log`, or to our own. On Linux the kernel sends it `on_our_death` when we end,
    however we end. Raises OSError when the program cannot be started.
    """
    output = open(log, "ab") if log else None
    try:
        return subprocess.Popen(
            [str(argument) for argument in arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
            preexec_fn=_bound_to_us(on_our_death),
        )
    finally:
        if output:
            output.close()


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


def _bound_to_us(on_our_death: int) -> Callable[[], object] | None:
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up here: after the fork only the call itself may happen
    return lambda: prctl(PR_SET_PDEATHSIG, on_our_death)
