"""Runs all operations and actions in Chromium, prints one table, and writes the sheet of their pictures.

    python -m benchmarks.operations [--only embeddings] [--keep FOLDER]

A whole copy starts for it (`manage.py up`). Each form is filled as a person fills it, files included; the
page of the run must show its state and its answer, and the console must stay empty. Ends with 1 when one
did not."""

import tempfile
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, sync_playwright

from benchmarks import frame, house
from benchmarks.operations import values
from benchmarks.operations.visitor import KIND, Visit, Visitor
from benchmarks.screenshots import camera
from connections import connecting
from definitions import catalog
from operations.models import Run
from people.models import Person, Role

CHROMIUM = "/usr/bin/chromium-headless-shell"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
TARGET = house.BASE / "docs" / "screenshots"
SERVICE = "chatgpt-v1"


def forms() -> Mapping[str, tuple[str, Mapping[str, Any]]]:
    """Return every form: name -> its path, and what goes into it. What deletes comes last."""
    operations = sorted(catalog.service(SERVICE).operations, key=lambda one: bool(one.effect))
    found = {one.key: (f"/services/{SERVICE}/{one.key}/", values.of(one)) for one in operations}
    return found | {name: (f"/actions/{SERVICE}/{name}/", given) for name, given in values.ACTIONS.items()}


@contextmanager
def browser(copy: house.House) -> Iterator[BrowserContext]:
    """Open Chromium with an administrator signed in."""
    person = Person.objects.create(username="ada", password="!", role=Role.ADMIN)
    client = Client()
    client.force_login(person)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    with sync_playwright() as playwright:
        found = {"executable_path": CHROMIUM} if Path(CHROMIUM).exists() else {}
        opened = playwright.chromium.launch(args=FLAGS, **found)
        context = opened.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": copy.url}])
        yield context
        opened.close()


def report(visits: list[Visit]) -> list[Visit]:
    """Print the table and the counts; return the visits that were not good."""
    print("| form | state | shown | s | console | axe |\n|---|---|---|---|---|---|")
    for one in visits:
        shown = ", ".join(f"{count} {kind}" for kind, count in one.shown.items() if count)
        said = "; ".join(one.console) or "quiet"
        found = "; ".join(one.axe) or "clean"
        print(f"| {one.name} | {one.state} | {shown} | {one.seconds:.1f} | {said} | {found} |")
    states = ", ".join(f"{count} {state}" for state, count in Counter(one.state for one in visits).items())
    bad = [one for one in visits if not one.good]
    counted = Run.objects.filter(origin="person").count()
    print(f"\n{len(visits)} forms: {states}; {counted} runs in the database; {len(bad)} not good")
    return bad


def main() -> None:
    """Run it."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="forms whose names hold this")
    parser.add_argument("--keep", type=Path, help="a folder that keeps every single picture")
    asked = parser.parse_args()
    wanted = {name: form for name, form in forms().items() if asked.only in name}
    with tempfile.TemporaryDirectory() as temporary, house.House() as copy:
        files, pictures = Path(temporary), asked.keep or Path(temporary) / "pictures"
        pictures.mkdir(parents=True, exist_ok=True)
        values.write_files(files)
        copy.settle()
        settings.SIMULATOR_URL = copy.simulator
        connecting.practise(catalog.service(SERVICE))
        with browser(copy) as context:
            visitor = Visitor(context.new_page(), files, pictures)
            visits = []
            for name, (path, given) in wanted.items():
                visits.append(visitor.visit(name, copy.url + path, given))
                frame.say(f"  {name}: {visits[-1].state} in {visits[-1].seconds:.1f} s")
            camera.sheet(context.browser, list(wanted), KIND, pictures, TARGET / "operations.png")
        bad = report(visits)
    raise SystemExit(1 if bad else 0)


main()
