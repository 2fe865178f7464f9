"""The live line of runs: one rendered row a run, for those who may see it."""

import pytest

from connections import connecting
from connections.models import Connection
from definitions import catalog
from live.topics import agrees
from operations import feed, runs


@pytest.fixture
def run(db):
    entered = connecting.Entered("Ours", credentials={"apiKey": "sk-0123456789"})
    connection = connecting.connect(catalog.service("chatgpt-v1"), entered)
    return runs.start(connection, "models.list", {}, wake_up=False)


def test_a_run_is_one_row_with_its_facts(run):
    (frame,) = feed.render([str(run.id), "nonsense"])
    assert frame.event == "row"
    assert f'id="{run.ref}"' in frame.html
    for wanted in (
        {"run": {run.ref}},
        {"state": {"queued"}},
        {"operation": {"models.list"}},
    ):
        assert agrees(frame, {name: frozenset(values) for name, values in wanted.items()})
    assert not agrees(frame, {"state": frozenset({"failed"})})


def test_a_page_about_one_run_gets_it_as_it_is_now(run):
    assert [frame.id for frame in feed.since("", {"run": frozenset({run.ref, "run_nonsense"})})] == [
        str(run.id)
    ]
    assert feed.since("", {}) == []


def test_a_closed_connection_is_out_of_sight(run, viewer, admin):
    assert str(run.connection_id) in feed.sight(viewer)
    Connection.objects.update(limited=True)
    assert feed.sight(viewer) == frozenset()
    assert feed.sight(admin) is None
