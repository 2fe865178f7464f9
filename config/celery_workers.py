"""What works behind the pages of `manage.py up`: loaded once, forked into workers, beat and practice.

    python -m config.celery_workers 2 --beat --practice SOCKET

Threads share one interpreter lock: runs that only wait need threads, runs that are answered at once need a
second process. A fork after loading shares what was loaded: 170 MiB for all of them instead of 310, and one
program to load instead of three.
"""

import argparse
import gc
import importlib
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

import uvicorn
from django.db import connections

from config import clock, processes
from config.celery import app

# Celery would load it in each worker, 12 MB each; with its command line, and the shell in that, 25.
LATER = ("celery.apps.worker", "celery.concurrency.thread", "celery.worker.consumer", "kombu.transport.redis")
PRACTICE = "practice"
STOPS = (signal.SIGTERM, signal.SIGINT)
PAUSE = 1.0  # seconds before what ended is forked again

Job = Callable[[], object]


class Stop(Exception):
    """Somebody asked for an orderly end."""


@dataclass
class Family:
    """The processes by name, in the order in which they start."""

    jobs: dict[str, Job]
    pids: dict[str, int] = field(default_factory=dict)

    def run(self) -> None:
        """Fork every job and whatever ends again, until SIGTERM; practice ends last: runs ask it."""
        for number in STOPS:
            signal.signal(number, _stop)
        try:
            for name in self.jobs:
                self._fork(name)
            while True:
                ended, how = os.wait()
                name = next(name for name, pid in self.pids.items() if pid == ended)
                print(f"{name} ended ({os.waitstatus_to_exitcode(how)}); it starts again.", file=sys.stderr)
                time.sleep(PAUSE)
                self._fork(name)
        except Stop:
            served = [pid for name, pid in self.pids.items() if name == PRACTICE]
            _end([pid for pid in self.pids.values() if pid not in served])
            _end(served)

    def _fork(self, name: str) -> None:
        """Go on as another process, too. No signal comes between the fork and its note."""
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
        pid = os.fork()
        if not pid:
            _be(name, self.jobs[name])
        self.pids[name] = pid
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)


def _stop(_number: int, _frame: object) -> None:
    for number in STOPS:
        signal.signal(number, signal.SIG_IGN)
    raise Stop


def _end(pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    for pid in pids:
        with suppress(ChildProcessError):  # it ended before
            os.waitpid(pid, 0)


def _be(name: str, job: Job) -> None:
    """Do a job under its name (`ps -o comm`) and never return."""
    for number in STOPS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
    processes.bind_to_parent(name)
    try:
        job()
    except BaseException:  # nothing of the parent's may run here, whatever it was
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _work(name: str) -> None:
    # A worker of this house has nobody to ask, and would wait a second for nobody.
    app.Worker(hostname=f"{name}@{os.uname().nodename}", without_mingle=True, without_gossip=True).start()


def _tick() -> None:
    clock.app.Beat(quiet=True).run()


def _practise(listening: int) -> None:
    from config import practice

    asked = uvicorn.Config(practice.application, lifespan="off", log_config=None, log_level="warning")
    uvicorn.Server(asked).run(sockets=[socket.socket(fileno=listening)])


def main(arguments: list[str]) -> None:
    """Load everything, then be what the command line asks for, until SIGTERM."""
    parser = argparse.ArgumentParser(prog="config.celery_workers")
    parser.add_argument("workers", type=int)
    parser.add_argument("--beat", action="store_true", help="the clock, too")
    parser.add_argument("--practice", type=int, help="the open socket on which the practice service answers")
    asked = parser.parse_args(arguments)
    _load()
    workers = [f"worker{number}" for number in range(1, asked.workers + 1)]
    jobs: dict[str, Job] = {PRACTICE: partial(_practise, asked.practice)} if asked.practice else {}
    jobs |= {name: partial(_work, name) for name in workers}
    jobs |= {"beat": _tick} if asked.beat else {}
    Family(jobs).run()


def _load() -> None:
    app.loader.import_default_modules()
    app.set_current()
    app.finalize()
    for name in (*LATER, "config.practice", "celery.apps.beat"):
        importlib.import_module(name)
    connections.close_all()
    gc.collect()
    gc.freeze()  # the collector would touch every page, and with it copy it


if __name__ == "__main__":
    main(sys.argv[1:])
