"""Starts a copy, loads it, breaks it again and again, and prints one table of what held."""

import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

from benchmarks.chaos import weather
from benchmarks.chaos.faults import FAULTS, may
from benchmarks.chaos.load import Deliveries, Runs, Service
from benchmarks.chaos.verdict import Check, checks, wait_until_settled
from benchmarks.deliveries import SERVICE, Sender
from benchmarks.house import House
from config import home as homes
from config.celery import app
from connections import connecting, signing
from definitions import catalog

PRIVATE = ["localhost", "127.0.0.1", "::1"]  # the service is called by its name
DISK = "600m"  # of the file system that is filled


def main() -> int:
    """Run it; the exit code is 1 when something did not hold."""
    options = _options()
    dice = random.Random(options.seed)
    settings.PRIVATE_HOSTS = PRIVATE
    told = {"SWITCHBOARD_PRIVATE_HOSTS": ",".join(PRIVATE)}
    with small_disk() as home, House(home, **told, **weather.environment(home)) as house:
        app.conf.broker_url = homes.broker_url(house.home)
        service = Service(random.Random(options.seed + 1))
        sender, account = _sender("Chaos deliveries", service), _sender("Chaos runs", service).connection
        ends = threading.Event()
        sent = Deliveries(sender, house.port, options.deliveries, ends)
        started = Runs(account, options.runs, ends)
        sent.start()
        started.start()
        happened = _break(house, dice, options.seconds)
        ends.set()
        started.join(60)
        sent.join(120)
        took = wait_until_settled()
        found = checks(sent, started, service)
    _print(options, happened, sent, started, took, found)
    return any(check.wrong for check in found)


def _break(house: House, dice: random.Random, seconds: float) -> dict[str, int]:
    names = [name for name in FAULTS if may(name, house.home)]
    happened = dict.fromkeys(names, 0)
    until = time.monotonic() + seconds
    order: list[str] = []
    while time.monotonic() < until:
        if not order:  # every fault once, in a new order each time
            order = dice.sample(names, len(names))
        time.sleep(dice.uniform(1, 4))
        name = order.pop()
        print(f"  {name}", file=sys.stderr, flush=True)
        FAULTS[name](house, dice)
        connection.close()
        happened[name] += 1
    return happened


def _sender(name: str, service: Service) -> Sender:
    """Return a sender whose connection calls our own service, also to complete its events."""
    secret, definition = signing.generate(), catalog.service(SERVICE)
    entered = connecting.Entered(
        name, base_url=service.url, credentials={"apiKey": "sk-chaos-chaos-chaos"}, webhook_secret=secret
    )
    return Sender(connecting.connect(definition, entered), signing.key(definition.webhooks, secret))


@contextmanager
def small_disk() -> Iterator[Path]:
    """Give the copy a file system of its own that can be filled, where this user may mount one."""
    folder = Path(tempfile.mkdtemp(prefix="switchboard-chaos-"))
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=0700", "tmpfs", str(folder)], capture_output=True
    )
    try:
        yield folder
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", "--lazy", str(folder)], check=False)
        shutil.rmtree(folder, ignore_errors=True)


def _print(
    options: Namespace,
    happened: dict[str, int],
    sent: Deliveries,
    started: Runs,
    took: float,
    found: list[Check],
) -> None:
    print(f"\nChaos, seed {options.seed}, {options.seconds} s, {sum(happened.values())} faults:")
    print("  " + ", ".join(f"{name} {count}×" for name, count in happened.items()))
    for name in FAULTS.keys() - happened.keys():
        print(f"  could not be had here: {name}")
    print("  deliveries were answered: " + ", ".join(f"{n}× {a}" for a, n in sorted(sent.answers.items())))
    print(f"  longest time without an acknowledged delivery: {sent.longest_gap:.1f} s")
    print(f"  runs that could not be started while the database was away: {started.refused}")
    print(f"  everything was settled {took:.0f} s after the last fault\n")
    print(f"{'what must hold':44} {'looked at':>9} {'wrong':>6}")
    for check in found:
        print(f"{check.what:44} {check.looked_at:>9} {check.wrong:>6}  {check.note}")


def _options() -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60, help="how long things break (default 60)")
    parser.add_argument("--deliveries", type=float, default=50, help="a second")
    parser.add_argument("--runs", type=float, default=5, help="a second")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
