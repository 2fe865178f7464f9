"""Every cause, every mark that a delivery can bring, every signature case: answered, kept, told in the log.

`python -m benchmarks.causes` does the same over HTTP with a whole running copy, and what needs a person, too.
"""

import asyncio

import pytest

from benchmarks.causes import looking
from benchmarks.causes.cases import CASES, Case
from benchmarks.causes.letters import Desk, Letter
from benchmarks.causes.looking import Outcome
from connections import connecting, signing
from tests.doors import Sender, post, run
from webhooks import processing
from webhooks.models import Cause

pytestmark = pytest.mark.django_db(transaction=True)


def prepared(case: Case) -> tuple[Sender, list[Letter]]:
    """Return an endpoint of the case's own, and what is sent to it."""
    sender = Sender.of(f"{case.group}: {case.name}")
    if not case.secret:
        sender.connection.secrets.filter(name=signing.SECRET).delete()
    if case.switch:
        connecting.switch(sender.connection, case.switch)
    return sender, list(case.made(Desk(sender.path, sender.key)))


async def delivered(door, letters: list[Letter], *, at_once: bool) -> list[int]:
    async def status(letter: Letter) -> int:
        headers = [*letter.headers, (b"content-length", str(len(letter.body)).encode())]
        return (await post(door, letter.path, headers, letter.body, method=letter.method)).status

    if at_once:
        return await asyncio.gather(*map(status, letters))
    return [await status(letter) for letter in letters]


def test_each_is_answered_kept_and_told_in_the_log(viewer_client):
    stages = {case: prepared(case) for case in CASES}

    async def all_of_them(door):
        return {case: await delivered(door, sent, at_once=case.at_once) for case, (_, sent) in stages.items()}

    answered = run(all_of_them)
    while processing.process():
        pass

    def get(address: str) -> bytes:
        page = viewer_client.get(address)
        assert page.status_code == 200, f"{address} answered {page.status_code}"
        return page.content

    outcomes = [Outcome(case, answered[case]) for case in CASES]
    for one in outcomes:
        sender, sent = stages[one.case]
        looking.look(one.case, sent, str(sender.connection.pk), get, one, patience=0)
    assert {one.case.name: one.wrong for one in outcomes if one.wrong} == {}
    assert {case.name: answered[case][-1] for case in CASES} == {case.name: case.status for case in CASES}
    counts = {one.case.name: one.count for one in outcomes}
    assert (counts["duplicate 49×"], counts["bad signature"]) == (50, 50)


def test_no_cause_is_left_out():
    assert {case.covers for case in CASES if case.group == "cause"} == set(Cause.values)
