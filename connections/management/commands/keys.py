"""`manage.py keys`: look at the key ring, add a key, seal everything anew by it, take an old one out."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError
from django.utils.translation import gettext_noop

from audit import log
from connections import crypto, keyfile, keys, resealing
from connections.management.commands.connect import NOTHING_RUNS

BY = gettext_noop("By the command line.")
Act = Callable[..., None]


class Command(BaseCommand):
    """Look at the key ring and change it; exit 1 when something is wrong or locked."""

    help = "The key ring that seals secrets: doctor, new, rotate, retire."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Take one of four verbs and its options."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        doctor = verbs.add_parser(
            "doctor", help="fingerprints, counts, what is locked; exit 1 when anything is wrong"
        )
        doctor.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object")
        new = verbs.add_parser(
            "new", help="put a new key in front: it seals from now on, the others still open"
        )
        new.add_argument(
            "--print", action="store_true", dest="only_print", help="print one for SWITCHBOARD_KEYS"
        )
        rotate = verbs.add_parser(
            "rotate", help="seal everything anew by the newest key; may be stopped and repeated"
        )
        rotate.add_argument("--dry-run", action="store_true", help="only say how much there is to do")
        rotate.add_argument("--new", action="store_true", help="add a new key first")
        rotate.add_argument("--batch", type=int, default=resealing.BATCH, help=f"default {resealing.BATCH}")
        retire = verbs.add_parser("retire", help="take a key out of the ring that seals nothing any more")
        retire.add_argument("label")

    def handle(self, *, verb: str, **options: Any) -> None:
        """Do what the verb says."""
        acts: Mapping[str, Act] = {
            "doctor": self._doctor,
            "new": self._new,
            "rotate": self._rotate,
            "retire": self._retire,
        }
        try:
            acts[verb](**options)
        except OperationalError:
            raise CommandError(NOTHING_RUNS) from None
        except (crypto.KeyRingError, OSError) as error:
            raise CommandError(str(error)) from None

    def _doctor(self, *, as_json: bool, **_: Any) -> None:
        keys.plant()
        found, problems = keys.states(), list(keys.problems())
        if as_json:
            self.stdout.write(json.dumps({"keys": [asdict(key) for key in found], "problems": problems}))
        else:
            self.stdout.write(f"The ring is {keyfile.path() or 'SWITCHBOARD_KEYS'}.")
            for key in found:
                self.stdout.write(_line(key))
        if problems:
            raise CommandError(" ".join(problems))

    def _new(self, *, only_print: bool, **_: Any) -> None:
        if only_print:
            self.stdout.write(keyfile.new_entry(crypto.ring()))
            return
        file = keyfile.path()
        if file is None:
            raise CommandError(
                "The ring comes from SWITCHBOARD_KEYS: put what `keys new --print` prints in front of it."
            )
        label = keyfile.add(file)
        keys.plant()
        log.record("keys.added", target=("key", label, label), note=BY)
        self.stdout.write(f"{label} seals from now on. Seal what is older anew with `manage.py keys rotate`.")

    def _rotate(self, *, dry_run: bool, new: bool, batch: int, **_: Any) -> None:
        if new and not dry_run:
            self._new(only_print=False)
        if dry_run:
            for name, count in resealing.outdated().items():
                self.stdout.write(f"{name}: {count} to seal anew")
            return
        keys.plant()
        outcome = resealing.reseal(self.stderr.write, batch=max(1, batch))
        label = crypto.ring().current.label
        log.record("keys.rotated", target=("key", label, label), after=asdict(outcome), note=BY)
        self.stdout.write(f"{outcome.resealed} sealed anew by {label}.")
        if outcome.stuck:
            raise CommandError(f"{outcome.stuck} do not open: `manage.py keys doctor` says what they need.")

    def _retire(self, *, label: str, **_: Any) -> None:
        key = next((key for key in keys.states() if key.label == label and key.in_ring), None)
        if key is None:
            raise CommandError(f"There is no key {label} in the ring.")
        if key.current or key.sealed:
            why = (
                "it is the newest"
                if key.current
                else f"it still seals {key.sealed}: run `manage.py keys rotate` first"
            )
            raise CommandError(f"{label} stays: {why}.")
        file = keyfile.path()
        if file is None:
            raise CommandError(f"The ring comes from SWITCHBOARD_KEYS: take {label} out of it there.")
        keyfile.remove(file, label)
        log.record("keys.retired", target=("key", label, label), note=BY)
        self.stdout.write(
            f"{label} is out of the ring. Backups that are older need it: keep it where they are kept."
        )


def _line(key: keys.KeyState) -> str:
    where = "seals" if key.current else "opens" if key.in_ring else "MISSING"
    proof = "proven" if key.proven else "not proven"
    locks = f", locks {', '.join(key.locks)}" if key.locks else ""
    return f"{key.label:>8}  {key.key_id}  {where:<7}  {proof:<10}  {key.sealed} sealed{locks}"
