"""The palette: what a few letters may mean, and only what the person may see."""

import pytest

from connections.models import Connection
from operations.models import Run
from overview import finding, sight
from webhooks.models import Event


@pytest.fixture
def connection(db) -> Connection:
    return Connection.objects.create(name="Main account", service="chatgpt-v1", practice=True)


@pytest.fixture
def run(connection) -> Run:
    facts = {"connection": connection, "connection_name": "Main account", "service": "chatgpt-v1"}
    return Run.objects.create(resource="models", operation="list", object_id="resp_1", **facts)


@pytest.fixture
def event(connection) -> Event:
    return Event.objects.create(connection=connection, type="batch.completed", object_id="batch_1")


def labels(person, text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for result in finding.results(sight.of(person), text):
        found.setdefault(result.kind, []).append(result.label)
    return found


def test_nothing_typed_offers_the_rooms_and_connections(viewer, connection) -> None:
    found = labels(viewer, "")
    assert found["Pages"][0] == "Overview"
    assert found["Connections"] == ["Main account"]
    assert set(found) == {"Pages", "Connections"}


@pytest.mark.parametrize(
    ("text", "kind", "label"),
    [
        ("batches cre", "Operations", "batches.create"),
        ("ANALYZE te", "Actions", "Analyze Text"),
        ("main", "Connections", "Main account"),
    ],
)
def test_words_find_names_whatever_their_case_and_order(viewer, connection, text, kind, label) -> None:
    assert label in labels(viewer, text)[kind]


def test_ids_lead_to_runs_and_events(viewer, run, event) -> None:
    assert labels(viewer, run.ref) == {"Runs": [str(run)]}
    assert labels(viewer, "resp_1") == {"Runs": [str(run)]}
    assert labels(viewer, event.code) == {"Events": ["batch.completed"]}
    assert labels(viewer, "batch_1")["Events"] == ["batch.completed"]


def test_what_is_closed_to_a_person_is_not_found(viewer, connection, run, event) -> None:
    Connection.objects.update(limited=True)
    assert [labels(viewer, text) for text in ("main", run.ref, event.code)] == [{}, {}, {}]


def test_rooms_closed_to_a_role_are_not_offered(viewer, admin) -> None:
    assert "Pages" not in labels(viewer, "audit")
    assert labels(admin, "audit")["Pages"] == ["Audit"]


def test_the_palette_gets_the_list_and_the_page_gets_all(viewer_client, connection) -> None:
    part = viewer_client.get("/search/?q=main", headers={"HX-Request": "true"}).content.decode()
    page = viewer_client.get("/search/?q=main").content.decode()
    assert ("<html" in part, "<html" in page) == (False, True)
    assert "Main account" in part


@pytest.mark.parametrize("text", ["\0", "%", "'", "run_zzzzzzzzzzzzz", "x" * 5000, "<script>"])
def test_odd_letters_find_nothing_and_break_nothing(viewer_client, text) -> None:
    answer = viewer_client.get("/search/", {"q": text})
    assert answer.status_code == 200
    assert b"<script>x" not in answer.content


@pytest.mark.parametrize(("debug", "status"), [(True, 200), (False, 404)])
def test_the_styleguide_is_for_development_only(viewer_client, settings, debug, status) -> None:
    settings.DEBUG = debug
    assert viewer_client.get("/styleguide/").status_code == status
