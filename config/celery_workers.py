"""The worker of `manage.py up`: one program, loaded once, that goes on as several processes.

    python -m config.celery_workers 2 --without-mingle …

Threads share one interpreter lock: runs that only wait need threads, runs that are answered at once need
processes. A fork after loading shares what was loaded, so that the second process costs little memory."""

import ctypes
import gc
import os
import signal
import sys
from types import FrameType

from config.celery import app
from config.processes import PR_SET_PDEATHSIG


def main(count: int, arguments: list[str]) -> int:
    """Load everything, go on as `count` workers, and end when one of them has ended."""
    app.loader.import_default_modules()
    app.set_current()
    gc.collect()
    gc.freeze()  # the collector would touch every page, and with it copy it
    pids = [_forked(number, arguments) for number in range(1, count + 1)]

    def pass_on(number: int, _: FrameType | None) -> None:
        for pid in pids:
            os.kill(pid, number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, pass_on)
    ended, how = os.wait()
    pids.remove(ended)
    pass_on(signal.SIGTERM, None)  # whoever started us starts all of us again
    for pid in pids:
        os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(how)


def _forked(number: int, arguments: list[str]) -> int:
    """Return the pid of a new worker; in that process itself, never."""
    pid = os.fork()
    if pid:
        return pid
    if sys.platform == "linux":
        # Never without the one that passes signals on.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    app.worker_main(["worker", "--hostname", f"{number}@%h", *arguments])
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
