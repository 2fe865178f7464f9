"""Working with the history: search, views, tags, compare, bulk jobs, exports, presets, spending and
retention."""

import csv
import io
import json
import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import numpy
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from audit import ids
from audit.models import Entry
from connections import connecting
from connections.models import Connection
from definitions import catalog
from operations import bulks, exporting, retention, runs, vectors, versions
from operations.models import Bulk, Policy, Preset, Price, Run, Spent, State, StoredFile, Version, View
from tests.loopback import Loopback, answer

CHAT = {"model": "gpt-x", "messages": [{"role": "user", "content": "=zebra"}]}
SAID = json.dumps({"id": "c-1", "choices": [{"message": {"content": "an okapi"}}]}).encode()


@pytest.fixture
def server():
    running = Loopback(answer(SAID))
    yield running
    running.close()


@pytest.fixture(autouse=True)
def connection(db, settings, tmp_path, server):
    settings.PRIVATE_HOSTS = ["127.0.0.1"]
    settings.FILES_ROOT = tmp_path / "files"
    entered = connecting.Entered("Ours", base_url=f"{server.url}/v1", credentials={"apiKey": "sk-0123456789"})
    return connecting.connect(catalog.service("chatgpt-v1"), entered)


@pytest.fixture
def ran(connection):
    def run(key: str = "chat_completions.create", values=None, **about) -> Run:
        started = runs.start(connection, key, CHAT if values is None else values, wake_up=False, **about)
        return runs.execute(started.id)

    return run


def text(response) -> str:
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return body.decode()


def test_words_of_question_and_answer_find_a_run(operator_client, ran):
    run = ran()
    for words, seen in (
        ("zebra", True),
        ("okapi zebra", True),
        ("lion", False),
        (run.ref, True),
        ("\0", True),
    ):
        assert (run.ref in text(operator_client.get("/runs/", {"q": words}))) is seen, words


def test_a_view_is_a_named_address(operator_client, viewer_client, ran):
    ran()
    answer_ = operator_client.post("/runs/views/", {"name": " Bad  ones ", "query": "state=failed&evil=1"})
    assert answer_["Location"] == "/runs/?state=failed"
    assert "Bad ones" in text(viewer_client.get("/runs/"))
    operator_client.post(f"/runs/views/{View.objects.get().pk}/delete/")
    assert not View.objects.exists()
    assert operator_client.post("/runs/views/", {"name": "", "query": ""}).status_code == 302


def test_tags_note_and_pin_are_kept_and_filter(operator_client, ran):
    run = ran()
    operator_client.post(
        f"{run.get_absolute_url()}marks/", {"tags": " b, a,a ,", "note": "look\0", "pinned": "on"}
    )
    run.refresh_from_db()
    assert (run.tags, run.note, run.pinned) == (["a", "b"], "look", True)
    assert run.ref in text(operator_client.get("/runs/?tag=a"))


def test_two_runs_stand_side_by_side(operator_client, ran):
    left, right = ran(), ran(values={**CHAT, "model": "gpt-y"})
    page = text(operator_client.get("/runs/compare/", {"run": [left.ref, right.ref]}))
    assert "gpt-y" in page
    assert "an okapi" not in page  # both said it
    assert "an okapi" in text(
        operator_client.get("/runs/compare/", {"run": [left.ref, right.ref], "all": ""})
    )
    same = text(operator_client.get("/runs/compare/", {"run": [left.ref, left.ref]}))
    assert same.count("Nothing differs here.") == 4
    assert operator_client.get("/runs/compare/", {"run": [left.ref, "run_nonsense"]}).status_code == 302


def test_a_bulk_job_counts_asks_goes_and_can_be_followed(operator_client, ran, server):
    for _ in range(3):
        ran()
    plan = text(operator_client.post("/runs/bulk/?state=succeeded", {"verb": "again"}))
    assert "Run again: 3 runs" in plan
    assert not Bulk.objects.exists()
    follow = operator_client.post("/runs/bulk/?state=succeeded", {"verb": "again", "confirmed": "3"})
    bulk = Bulk.objects.get()
    assert follow["Location"] == bulk.get_absolute_url()
    assert not bulks.go_on(bulk.id)
    bulk.refresh_from_db()
    assert (bulk.place, bulk.done, bulk.skipped) == (3, 3, 0)
    assert Run.objects.filter(bulk=bulk.id, origin="bulk", state=State.QUEUED).count() == 3
    page = text(operator_client.get(bulk.get_absolute_url()))
    assert "every 700ms" not in page
    assert bulk.runs_url.replace("&", "&amp;") in page
    assert text(operator_client.get(bulk.runs_url)).count("data-row") == 3


def test_a_bulk_job_is_about_so_many_runs_and_no_more(ran, operator, monkeypatch):
    monkeypatch.setattr(bulks, "MOST", 2)
    every = sorted(ran().id for _ in range(3))
    assert bulks.plan(Run.objects.all()) == every[1:]
    assert bulks.start("again", every, operator).total == 2


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": "viewer"}])
def test_a_bulk_job_of_somebody_who_may_no_longer_do_it_does_nothing_more(ran, operator, change):
    bulk = bulks.start("again", [ran().id], operator)
    type(operator).objects.filter(pk=operator.pk).update(**change)
    assert not bulks.go_on(bulk.id)
    bulk.refresh_from_db()
    assert (bulk.done, Run.objects.filter(bulk=bulk.id).count()) == (0, 0)


def test_a_bulk_job_is_about_the_ticked_runs_only(operator_client, ran):
    one, other = ran(), ran()
    operator_client.post("/runs/bulk/", {"verb": "tag", "word": "x", "run": [one.ref], "confirmed": "1"})
    bulks.go_on(Bulk.objects.get().id)
    assert [run.tags for run in (Run.objects.get(pk=one.pk), Run.objects.get(pk=other.pk))] == [["x"], []]
    assert operator_client.post("/runs/bulk/", {"verb": "explode"}).status_code == 404


def test_a_bulk_job_can_be_stopped_and_goes_on_where_it_was(ran, operator, operator_client, monkeypatch):
    monkeypatch.setattr(bulks, "STEP", 1)
    chosen = [ran().id for _ in range(3)]
    bulk = bulks.start("again", chosen, operator)
    assert bulks.go_on(bulk.id)
    assert bulks.unfinished() == [bulk.id]
    operator_client.post(f"{bulk.get_absolute_url()}stop/")
    assert not bulks.go_on(bulk.id)
    bulk.refresh_from_db()
    assert (bulk.done, bulks.unfinished()) == (1, [])


def test_cancelling_many_leaves_what_has_ended(ran, connection, operator):
    waiting = runs.start(connection, "models.list", {}, wake_up=False)
    bulk = bulks.start("cancel", [ran().id, waiting.id], operator)
    bulks.go_on(bulk.id)
    bulk.refresh_from_db()
    assert (bulk.done, bulk.skipped) == (1, 1)


def test_exports_hold_what_the_list_shows_and_harm_no_spreadsheet(operator_client, ran):
    run = ran(values={"model": "=1+1", "messages": CHAT["messages"]})
    Run.objects.update(note="=HYPERLINK(1)")
    assert "Export 1 runs" in text(operator_client.get("/runs/export/"))
    rows = list(
        csv.DictReader(io.StringIO(text(operator_client.get("/runs/export/runs.csv?state=succeeded"))))
    )
    assert (rows[0]["id"], rows[0]["note"]) == (run.ref, "'=HYPERLINK(1)")
    line = json.loads(text(operator_client.get("/runs/export/runs.jsonl")))
    assert (line["id"], line["inputs"]["model"], line["fields"]["content"]) == (run.ref, "=1+1", "an okapi")
    assert text(operator_client.get("/runs/export/runs.jsonl?state=failed")) == ""
    assert Entry.objects.filter(action="runs.exported").count() == 3


def test_a_short_text_that_is_the_whole_answer_stands_on_the_page(operator_client, server, ran):
    server.script = answer(b"line 1 of a file", headers="Content-Type: text/plain\r\n")
    run = ran("files.content", {"file_id": "file-1"})
    assert "line 1 of a file" in text(operator_client.get(run.get_absolute_url()))


@pytest.mark.parametrize("name", ["service", "model"])
def test_a_price_with_a_nul_is_refused_with_a_sentence(admin_client, name):
    line = {"service": "chatgpt-v1", "model": "gpt-x", "per_million_in": "1", "per_million_out": "1"}
    answer = admin_client.post("/spending/prices/", line | {name: "gpt\0x"}, follow=True)
    assert "Null characters are not allowed." in text(answer)
    assert not Price.objects.exists()


def test_a_price_is_changed_where_it_stands(admin_client):
    price = Price.objects.create(service="chatgpt-v1", model="gpt-x", per_million_in=Decimal("2.5"))
    page = text(admin_client.get(f"/spending/?price={price.pk}"))
    assert 'value="gpt-x"' in page
    assert 'value="2.5000"' in page
    line = {"service": "chatgpt-v1", "model": "gpt-x", "per_million_in": "3", "per_million_out": "9"}
    admin_client.post("/spending/prices/", line)
    assert Price.objects.get().per_million_in == 3
    assert admin_client.get("/spending/?price=nothing").status_code == 200


def test_an_export_is_followed_and_stopped_by_who_asked(operator_client, viewer_client, ran, monkeypatch):
    for _ in range(3):
        ran("models.list", {})
    job = re.search(r"job=(bulk_\w+)", text(operator_client.get("/runs/export/"))).group(1)
    progress = f"/runs/export/{job}/"
    assert "<progress" not in text(operator_client.get(progress))
    assert text(operator_client.get(f"/runs/export/runs.csv?job={job}")).count("run_") == 3
    assert "3 runs sent." in text(operator_client.get(progress))
    assert "<progress" not in text(viewer_client.get(progress))
    monkeypatch.setattr(exporting, "STEP", 1)
    lines = operator_client.get(f"/runs/export/runs.jsonl?job={job}").streaming_content
    Bulk.objects.update(stop_asked=True)
    assert b"".join(lines).count(b"run_") == 1
    assert "Stopped after 1 run;" in text(operator_client.get(progress))
    assert viewer_client.post(f"{progress}stop/").status_code == 404


def test_a_preset_fills_the_form_and_holds_no_file(operator_client, connection):
    path = "/services/chatgpt-v1/files.create/"
    file = SimpleUploadedFile("in.jsonl", b"{}")
    values = {"connection": str(connection.pk), "purpose": "batch", "file": file}
    operator_client.post(path, {**values, "intent": "preset", "preset_name": "Batch files"})
    preset = Preset.objects.get()
    assert preset.values == {"purpose": "batch"}
    page = text(operator_client.get(f"{path}?preset={preset.pk}"))
    assert '<option value="batch" selected>' in page
    assert "Batch files" in page
    assert operator_client.post(path, {**values, "intent": "preset", "preset_name": ""}).status_code == 422
    assert operator_client.get(f"{path}?preset=nonsense").status_code == 200
    operator_client.post(f"/presets/{preset.pk}/delete/")
    assert not Preset.objects.exists()


def test_the_ledger_sums_by_connection_and_day(viewer_client, admin_client, connection):
    Spent.objects.create(
        connection=connection, day=timezone.now().date(), runs=2, input_tokens=1_500, cost=Decimal("3.5")
    )
    page = text(viewer_client.get("/spending/?days=7"))
    assert "3.50" in page
    assert "1,500" in page
    admin_client.post(
        "/spending/prices/",
        {"service": "chatgpt-v1", "model": "gpt-x", "per_million_in": "2", "per_million_out": "8"},
    )
    admin_client.post(
        "/spending/prices/",
        {"service": "chatgpt-v1", "model": "gpt-x", "per_million_in": "3", "per_million_out": "8"},
    )
    assert Price.objects.get().per_million_in == 3
    admin_client.post(f"/spending/prices/{Price.objects.get().pk}/delete/")
    assert not Price.objects.exists()
    assert viewer_client.post("/spending/prices/", {}).status_code == 403


def test_limits_show_what_would_go_before_they_are_set(admin_client, connection, ran):
    aged(ran(), days=40)
    path = f"/connections/{connection.pk}/limits/"
    values = {"at_once": "3", "keep_days": "30"}
    assert "1 run and 0 files go" in text(admin_client.post(path, {**values, "intent": "preview"}))
    assert not Policy.objects.exists()
    admin_client.post(path, {**values, "intent": "save"})
    assert (Policy.objects.get().at_once, Policy.objects.get().keep_days) == (3, 30)
    assert admin_client.post(path, {"at_once": "0", "intent": "save"}).status_code == 422


def aged(run: Run, days: int) -> None:
    """Let a run be older: its id is its time."""
    old = ids.id_at(timezone.now() - timedelta(days=days)) + (run.id & 0x3FFFFF)
    for model in (Run.answer.related.related_model, Run.words.related.related_model):
        model.objects.filter(run=run).delete()
    run.attempts.all().delete()
    StoredFile.objects.filter(run=run).update(run=None)
    Run.objects.filter(id=run.id).update(id=old)
    StoredFile.objects.filter(run=None, kind="answer").update(run=old)


def test_retention_removes_the_old_with_their_files_and_spares_the_pinned(ran, connection, server):
    server.script = answer(b"ID3\x00", headers="Content-Type: audio/mpeg\r\n")
    speech = {"model": "m", "input": "hi", "voice": "alloy"}
    aged(ran("audio_speech.create", speech), days=40)
    path = StoredFile.objects.get(kind="answer").full_path
    pinned, new = ran("models.list", {}), ran("models.list", {})
    aged(pinned, days=40)
    Run.objects.filter(id__lt=new.id, resource="models").update(pinned=True)
    Policy.objects.create(connection=connection, keep_days=30)
    assert retention.preview(connection, 30, None) == retention.Preview(1, 1, 4)
    assert path.exists()
    assert retention.tidy() == 1
    assert not path.exists()
    assert Run.objects.count() == 2
    assert Entry.objects.filter(action="runs.removed").exists()


def test_retention_by_count_keeps_the_newest(ran, connection):
    kept = [ran("models.list", {}).id for _ in range(4)][2:]
    Policy.objects.create(connection=connection, keep_runs=2)
    assert retention.tidy() == 2
    assert sorted(Run.objects.values_list("id", flat=True)) == kept


def test_an_upload_goes_when_no_run_needs_it(operator_client, connection, ran):
    from operations import uploads

    needed, left = (uploads.keep(SimpleUploadedFile(name, b"{}")) for name in ("needed.jsonl", "left.jsonl"))
    ran("files.create", {"purpose": "batch", "file": needed})
    for file in StoredFile.objects.filter(kind="upload"):
        old = ids.id_at(timezone.now() - timedelta(days=3)) + (file.id & 0x3FFFFF)
        StoredFile.objects.filter(id=file.id).update(id=old)
    retention.tidy()
    assert Path(needed.path).exists()
    assert not Path(left.path).exists()


def test_vectors_are_drawn_and_given_out(operator_client, ran, server):
    numbers = [[0.5, -1.0, *[0.25] * 8], [1.0, 2.0, *[0.0] * 8]]
    body = {
        "object": "list",
        "data": [{"index": i, "embedding": one} for i, one in enumerate(numbers)],
        "model": "m",
    }
    server.script = answer(json.dumps(body).encode())
    run = ran("embeddings.create", {"model": "m", "input": ["a", "b"]})
    page = text(operator_client.get(run.get_absolute_url()))
    assert page.count("<polyline") == 2
    loaded = numpy.load(io.BytesIO(operator_client.get(f"{run.get_absolute_url()}vectors.npy").content))
    assert loaded.tolist() == numbers
    assert json.loads(operator_client.get(f"{run.get_absolute_url()}vectors.json").content) == numbers
    rows = csv.reader(
        io.StringIO(operator_client.get(f"{run.get_absolute_url()}vectors.csv").content.decode())
    )
    assert [[float(value) for value in row] for row in rows] == numbers
    assert vectors.points([1.0, -1.0]).startswith("0.0,")


def test_an_upload_is_played_beside_its_result(operator_client, connection, server):
    server.script = answer(b'{"text": "hello"}')
    sound = SimpleUploadedFile("a.wav", b"RIFF....WAVE", content_type="audio/wav")
    values = {"connection": str(connection.pk), "model": "m", "file": sound}
    operator_client.post("/actions/chatgpt-v1/create_transcription/", values)
    run = runs.execute(Run.objects.get().id)
    page = text(operator_client.get(run.get_absolute_url()))
    assert f'src="{run.get_absolute_url()}upload/?file=0"' in page
    played = operator_client.get(f"{run.get_absolute_url()}upload/?file=0")
    assert (played["Content-Type"], text(played)) == ("audio/wav", "RIFF....WAVE")
    for number in ("1", "x", "-1"):
        assert operator_client.get(f"{run.get_absolute_url()}upload/?file={number}").status_code == 404


def test_a_run_tells_what_its_definition_changed_since(operator_client, ran):
    versions._known.clear()
    run = ran()
    former = Version.objects.get()
    former.document |= {"method": "PUT"}
    former.document["placeholders"][0]["required"] = False
    former.save()
    found = versions.changes(run, catalog.operation("chatgpt-v1", run.operation_key))
    changes = {place: (then, now) for place, then, now in found}
    assert changes["method"] == ("PUT", "POST")
    assert changes["placeholders.model.required"] == (False, True)
    assert "has changed since" in text(operator_client.get(run.get_absolute_url()))
    assert versions.changes(run, None) == []


def test_nothing_of_a_closed_connection_comes_out(operator_client, ran):
    run = ran()
    Connection.objects.update(limited=True)
    for path in ("/runs/export/runs.jsonl", "/runs/?q=zebra", "/spending/"):
        assert run.ref not in text(operator_client.get(path))
    assert "0 runs" in text(operator_client.post("/runs/bulk/", {"verb": "again"}))
    assert operator_client.get(f"{run.get_absolute_url()}vectors.npy").status_code == 404
