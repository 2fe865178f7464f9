"""Start a copy, fire everything at its door, look it all up on its pages, and print one table."""

import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx

from benchmarks import frame, house
from benchmarks.causes import cases, looking, scenes
from benchmarks.causes.cases import Case
from benchmarks.causes.letters import Letter
from benchmarks.causes.looking import Outcome
from benchmarks.causes.scenes import Stage, Visitor
from benchmarks.deliveries import SERVICE, Sender
from connections import connecting, signing
from connections.models import Connection
from definitions import catalog
from people.models import Role
from webhooks.models import Cause, Hydration, Mark, Policy


def main() -> int:
    """Return 0 when everything was found with the right words, else 1."""
    asked = _asked()
    with house.House(SWITCHBOARD_PRIVATE_HOSTS="127.0.0.1") as copy:
        copy.settle()
        with httpx.Client(base_url=copy.url, timeout=60, trust_env=False) as http:
            door = Door(http)
            stage = Stage(door.post, Visitor(copy.url, Role.VIEWER), Visitor(copy.url, Role.ADMIN),
                          _practice(), Sender.of("Stage"))  # fmt: skip
            Policy.objects.create(connection=stage.sender.connection, hydrate=False)
            outcomes = [_fired(case, door, stage) for case in cases.CASES if asked in case.name]
            played = [_played(mark, stage) for mark in scenes.SCENES if asked in mark]
    lines = [*map(_line, outcomes), *played]
    _print(lines)
    missing = _uncovered() if not asked else set()
    wrong = sum(bool(line[-1]) for line in lines)
    print(f"\n{len(lines)} cases, {wrong} wrong; not covered: {', '.join(sorted(missing)) or 'nothing'}")
    return 1 if wrong or missing else 0


class Door:
    """The public door of the copy, over HTTP."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http

    def post(self, letter: Letter) -> int:
        """Send one and return the status."""
        request = {"method": letter.method, "url": letter.path, "content": letter.body}
        return self.http.request(**request, headers=list(letter.headers)).status_code  # type: ignore[arg-type]

    def all(self, letters: list[Letter], *, at_once: bool) -> list[int]:
        """Send several, one after another or all at the same time."""
        if not at_once:
            return [self.post(letter) for letter in letters]
        with ThreadPoolExecutor(len(letters)) as pool:
            return list(pool.map(self.post, letters))


def _fired(case: Case, door: Door, stage: Stage) -> Outcome:
    sender = Sender.of(f"{case.group}: {case.name}")
    desk, connection = scenes.desk_of(sender), sender.connection
    Policy.objects.create(connection=connection, hydrate=False)  # its account does not exist
    if not case.secret:
        connection.secrets.filter(name=signing.SECRET).delete()
    if case.switch:
        connecting.switch(connection, case.switch)
    letters = list(case.made(desk))
    outcome = Outcome(case, door.all(letters, at_once=case.at_once))
    if (
        outcome.answered[-1] != case.status
        or len(set(outcome.answered)) > (case.covers == "rate_limited") + 1
    ):
        outcome.wrong.append(f"it was answered {Counter(outcome.answered)}")
    try:
        looking.look(case, letters, str(connection.pk), stage.viewer.get, outcome)
    except httpx.HTTPStatusError as error:
        outcome.wrong.append(str(error).partition("\n")[0])
    frame.say(f"  {case.group}: {case.name}: {'; '.join(outcome.wrong) or 'as it should be'}")
    return outcome


def _played(mark: str, stage: Stage) -> list[str]:
    try:
        said, wrong = scenes.SCENES[mark](stage), ""
    except (AssertionError, httpx.HTTPStatusError) as error:
        said, wrong = "", str(error)
    frame.say(f"  scene: {mark}: {wrong or said}")
    return ["mark", mark.replace("_", " "), "", said, "", wrong]


def _practice() -> Connection:
    secret = signing.generate()
    entered = connecting.Entered("Practice", credentials={"apiKey": "sk-practice"}, webhook_secret=secret)
    return connecting.connect(catalog.service(SERVICE), entered, practice=True)


def _line(outcome: Outcome) -> list[str]:
    told = Counter(outcome.answered)
    answers = ", ".join(f"{count} × {status}" if count > 1 else str(status) for status, count in told.items())
    case = outcome.case
    return [case.group, case.name, answers, outcome.row, str(outcome.count), "; ".join(outcome.wrong)]


def _uncovered() -> set[str]:
    closed = {*Cause.values, *Mark.values, *Hydration.values} - {""}
    return closed - {case.covers for case in cases.CASES} - set(scenes.SCENES)


def _print(lines: list[list[str]]) -> None:
    for line in [["group", "case", "answered", "its line in the log", "stands for", "wrong"], *lines]:
        print("| " + " | ".join(_cells(line)) + " |")


def _cells(line: list[str]) -> Iterator[str]:
    for width, cell in zip((9, 26, 18, 78, 10, 5), line, strict=True):
        yield cell[:width].ljust(width) if width > 5 else cell or "–"


def _asked() -> str:
    parser = ArgumentParser(prog="python -m benchmarks.causes", description=__doc__)
    parser.add_argument("--only", default="", help="cases whose name holds this")
    return str(parser.parse_args().only)


if __name__ == "__main__":
    sys.exit(main())
