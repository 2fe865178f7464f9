"""The pages of operations: what a person sees, may do, and may not."""

import json
import re
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from connections import connecting
from connections.models import Connection
from definitions import catalog
from operations import runs, spending
from operations.models import Preset, Price, Run, Spent, State, StoredFile
from tests.loopback import Loopback, answer

KEY = "sk-canary-0123456789abcdef"
SAID = json.dumps(
    {"id": "chatcmpl-1", "choices": [{"message": {"content": "<script>alert(1)</script>"}}]}
).encode()
CHAT_FORM = "/services/chatgpt-v1/chat_completions.create/"
CHAT = {"model": "m", "messages": '[{"role": "user", "content": "hi"}]'}


@pytest.fixture
def server():
    running = Loopback(answer(SAID))
    yield running
    running.close()


@pytest.fixture(autouse=True)
def connection(db, settings, tmp_path, server):
    settings.PRIVATE_HOSTS = ["127.0.0.1"]
    settings.FILES_ROOT = tmp_path / "files"
    entered = connecting.Entered("Ours", base_url=f"{server.url}/v1", credentials={"apiKey": KEY})
    return connecting.connect(catalog.service("chatgpt-v1"), entered)


def post(client, connection, path: str = CHAT_FORM, **values):
    return client.post(path, {"connection": str(connection.pk), "once": str(uuid.uuid4()), **values})


def text(response) -> str:
    return response.content.decode()


def test_the_catalogue_lists_every_operation_and_finds_by_words(viewer_client):
    page = text(viewer_client.get("/services/chatgpt-v1/"))
    assert page.count("data-row") == 46
    found = text(viewer_client.get("/services/chatgpt-v1/?q=batch+cancel"))
    assert "batches.delete" in found
    assert "models.list" not in found
    assert "Nothing matches" in text(viewer_client.get("/services/chatgpt-v1/?q=zzz"))
    assert viewer_client.get("/services/nothing/").status_code == 404
    assert viewer_client.get("/services/", follow=True).redirect_chain[0][0] == "/services/chatgpt-v1/"


@pytest.mark.parametrize("operation", catalog.service("chatgpt-v1").operations, ids=lambda one: one.key)
def test_every_operation_has_a_form(operation, viewer_client):
    page = viewer_client.get(reverse("operations:operation", args=["chatgpt-v1", operation.key]))
    assert page.status_code == 200
    for placeholder in operation.placeholders:
        assert f'name="{placeholder.name}"' in text(page)


def test_running_writes_a_run_and_goes_to_its_page(
    operator_client, connection, operator, django_assert_max_num_queries
):
    # Four of them keep the operation's version, once for each process: which test meets it first is chance.
    with django_assert_max_num_queries(24):
        response = post(operator_client, connection, **CHAT)
    run = Run.objects.get()
    assert (response.status_code, response["Location"]) == (302, run.get_absolute_url())
    assert (run.person, run.state, run.inputs["messages"][0]["content"]) == (operator, State.QUEUED, "hi")
    assert "Under way" in text(operator_client.get(response["Location"]))
    runs.execute(run.id)
    page = text(operator_client.get(response["Location"]))
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    for tab in ("answer", "request", "attempts"):
        assert KEY not in text(operator_client.get(f"{run.get_absolute_url()}?tab={tab}"))


def test_a_double_click_is_one_run(operator_client, connection):
    once = {"once": str(uuid.uuid4())}
    first, second = (post(operator_client, connection, **CHAT, **once) for _ in range(2))
    assert first["Location"] == second["Location"]


def test_wrong_values_are_marked_at_their_fields(operator_client, connection):
    for values in ({"model": "m"}, {**CHAT, "messages": "[1"}, {**CHAT, "temperature": "99"}):
        response = post(operator_client, connection, **values)
        assert response.status_code == 422
        assert "invalid-feedback" in text(response)
    assert not Run.objects.exists()


def test_a_viewer_looks_and_does_not_run(viewer_client, connection):
    response = post(viewer_client, connection, **CHAT)
    assert response.status_code == 403
    assert "operator" in text(response)
    assert not Run.objects.exists()
    assert viewer_client.post(f"/connections/{connection.pk}/test/").status_code == 403
    form = text(viewer_client.get(CHAT_FORM))
    assert 'name="intent"' not in form
    assert "hx-post" not in form
    assert "Who is an admin?" in form


def test_a_viewer_keeps_no_preset_for_everybody(viewer_client, connection):
    kept = post(viewer_client, connection, intent="preset", preset_name="Mine", **CHAT)
    assert (kept.status_code, Preset.objects.count()) == (403, 0)


def test_ticked_runs_are_compared_at_an_address_that_holds_nothing_but_them(viewer_client, connection):
    rows = [runs.start(connection, "models.list", {}) for _ in range(2)]
    assert "Compare two" in text(viewer_client.get("/runs/"))
    ticked = {"run": [run.ref for run in rows], "csrfmiddlewaretoken": "x", "word": ""}
    address = viewer_client.post("/runs/compare/", ticked)["Location"]
    assert address == f"/runs/compare/?run={rows[0].ref}&run={rows[1].ref}"
    assert "side by side" in text(viewer_client.get(address))


def test_without_a_price_a_cost_is_unknown_and_not_nothing(viewer_client, connection):
    Spent.objects.create(connection=connection, day=spending.today(), runs=1, input_tokens=9)
    unpriced = text(viewer_client.get("/spending/"))
    Price.objects.create(service="chatgpt-v1", model="m", per_million_in=1, per_million_out=1)
    priced = text(viewer_client.get("/spending/"))
    assert priced.count(">$ 0<") - unpriced.count(">$ 0<") == 2  # all together, and the connection's line
    assert 'h2 mb-0">–<' in unpriced


def test_a_closed_connection_is_neither_offered_nor_taken(operator_client, connection):
    Connection.objects.update(limited=True)
    assert "Ours" not in text(operator_client.get(CHAT_FORM))
    assert post(operator_client, connection, **CHAT).status_code == 422
    assert not Run.objects.exists()


def test_runs_of_a_closed_connection_are_not_there(operator_client, connection, admin_client):
    run = runs.start(connection, "models.list", {}, wake_up=False)
    Connection.objects.update(limited=True)
    assert operator_client.get(run.get_absolute_url()).status_code == 404
    assert run.ref not in text(operator_client.get("/runs/"))
    assert run.ref in text(admin_client.get("/runs/"))


def test_a_preview_shows_the_request_and_sends_nothing(operator_client, connection, server):
    page = text(post(operator_client, connection, **CHAT, intent="preview"))
    assert "curl -X POST" in page
    assert "httpx.request(" in page
    assert "manage.py run Ours chat_completions.create --set model=m" in page
    assert KEY not in page
    assert (server.accepts, Run.objects.count()) == (0, 0)


def test_what_destroys_asks_by_its_effect_and_names_what_it_hits(operator_client, connection):
    path = "/services/chatgpt-v1/files.delete/"
    page = text(post(operator_client, connection, path, file_id="file-abc"))
    assert re.search(r"<code>file-abc</code> through “Ours”", page)
    assert not Run.objects.exists()
    assert "file-other" in text(
        post(operator_client, connection, path, file_id="file-other", confirmed="file-abc")
    )
    assert not Run.objects.exists()
    assert (
        post(operator_client, connection, path, file_id="file-abc", confirmed="file-abc").status_code == 302
    )


def test_a_link_fills_the_form_and_a_run_fills_it_again(operator_client, connection):
    assert 'value="gpt-z"' in text(operator_client.get(f"{CHAT_FORM}?model=gpt-z&csrfmiddlewaretoken=x"))
    run = runs.start(
        connection,
        "chat_completions.create",
        {"model": "gpt-again", "messages": [{"role": "user", "content": "again"}]},
        wake_up=False,
    )
    page = text(operator_client.get(f"{CHAT_FORM}?again={run.ref}"))
    assert 'value="gpt-again"' in page
    assert "&quot;content&quot;: &quot;again&quot;" in page
    post(operator_client, connection, **CHAT, again=run.ref)
    assert Run.objects.latest("id").again_of == run


def test_an_upload_is_stored_sent_and_used_again(operator_client, connection, server):
    path = "/services/chatgpt-v1/files.create/"
    file = SimpleUploadedFile("in.jsonl", b'{"a": 1}\n')
    post(operator_client, connection, path, purpose="batch", file=file)
    run = Run.objects.get()
    assert run.uploads["file"][0]["filename"] == "in.jsonl"
    runs.execute(run.id)
    assert b'{"a": 1}' in server.requests[0]
    assert "in.jsonl" in text(operator_client.get(f"{path}?again={run.ref}"))
    post(operator_client, connection, path, purpose="batch", again=run.ref)
    again = Run.objects.latest("id")
    assert again.uploads == run.uploads


def test_boxes_offer_what_the_connection_listed(operator_client, connection, server):
    server.script = answer(b'{"data": [{"id": "gpt-listed", "owned_by": "us"}]}')
    path = "/services/chatgpt-v1/chat_completions.create/choices/model/"
    asked = text(operator_client.post(path, {"connection": str(connection.pk), "model": "typed"}))
    assert "every 700ms" in asked
    runs.execute(Run.objects.get(origin="picker").id)
    come = text(operator_client.get(path, {"connection": str(connection.pk), "model": "typed"}))
    assert '<option value="gpt-listed" label="us">' in come
    assert 'value="typed"' in come
    assert "every 700ms" not in come
    assert "gpt-listed" in text(operator_client.get(CHAT_FORM))


TESTS = {
    "works": (answer(b'{"data": [{"id": "m"}]}'), "It works: models.list answered 200, which named 1 item."),
    "refused": (answer(b'{"error": {"message": "Bad key"}}', "401 Unauthorized"), "The key was refused"),
    "hangs up": (answer(b"", "503 Service Unavailable"), "The service itself has trouble"),
}


@pytest.mark.parametrize(("script", "sentence"), TESTS.values(), ids=TESTS)
def test_testing_a_connection_says_in_a_sentence_what_is_wrong(
    script, sentence, operator_client, connection, server
):
    server.script = script
    response = operator_client.post(f"/connections/{connection.pk}/test/", headers={"HX-Request": "true"})
    assert sentence in text(response)
    assert server.accepts == 1


def test_an_unreachable_host_is_said_at_once(operator_client, connection, server):
    server.close()
    server_gone = text(operator_client.post(f"/connections/{connection.pk}/test/", follow=True))
    assert "could not be reached" in server_gone


def test_an_unknown_run_is_resolved_once(operator_client, connection, admin_client):
    run = runs.start(connection, "models.list", {}, wake_up=False)
    Run.objects.update(state=State.UNKNOWN, error="It may have been done.")
    assert "It did happen" in text(operator_client.get(run.get_absolute_url()))
    assert operator_client.post(f"{run.get_absolute_url()}resolve/", {"happened": "yes"}).status_code == 302
    assert admin_client.post(f"{run.get_absolute_url()}resolve/", {"happened": "no"}).status_code == 409
    run.refresh_from_db()
    assert (run.state, "operator looked" in run.error) == (State.SUCCEEDED, True)


def test_cancel_and_again(operator_client, connection):
    run = runs.start(connection, "models.list", {}, wake_up=False)
    operator_client.post(f"{run.get_absolute_url()}cancel/")
    run.refresh_from_db()
    assert run.state == State.CANCELLED
    response = operator_client.post(f"{run.get_absolute_url()}again/")
    again = Run.objects.latest("id")
    assert (response["Location"], again.again_of, again.reason) == (again.get_absolute_url(), run, "manual")


def test_the_list_filters_by_its_address(operator_client, connection):
    one = runs.start(connection, "models.list", {}, wake_up=False)
    other = runs.start(connection, "files.list", {}, wake_up=False)
    Run.objects.filter(id=other.id).update(state=State.FAILED)
    for query, seen in (
        ("", {one, other}),
        ("state=failed", {other}),
        ("operation=models.list", {one}),
        ("operation=list", set()),
        ("resource=files", {other}),
        ("connection=" + str(connection.pk), {one, other}),
        ("since=2999-01-01", set()),
        ("tag=x", set()),
    ):
        page = text(operator_client.get(f"/runs/?{query}"))
        assert {run for run in (one, other) if run.ref in page} == seen, query


def test_files_come_out_without_power(operator_client, connection, server):
    server.script = answer(b"ID3\x00<script>", headers="Content-Type: audio/mpeg\r\n")
    run = runs.start(
        connection, "audio_speech.create", {"model": "m", "input": "hi", "voice": "alloy"}, wake_up=False
    )
    runs.execute(run.id)
    file = StoredFile.objects.get(kind="answer")
    url = reverse("operations:file", args=[file.pk])
    assert f'<audio controls preload="metadata" src="{url}"' in text(
        operator_client.get(run.get_absolute_url())
    )
    inline, saved = operator_client.get(url), operator_client.get(f"{url}?download")
    assert inline["Content-Type"] == "audio/mpeg"
    assert saved["Content-Type"] == "application/octet-stream"
    assert "attachment" in saved["Content-Disposition"]
    for response in (inline, saved, operator_client.get(f"{run.get_absolute_url()}answer/")):
        assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert b"".join(response.streaming_content) == b"ID3\x00<script>"
    Connection.objects.update(limited=True)
    assert operator_client.get(url).status_code == 404


def test_the_actions_page_links_every_action(viewer_client):
    page = text(viewer_client.get("/actions/"))
    for action in catalog.service("chatgpt-v1").actions:
        assert action.label in page
        assert (
            viewer_client.get(reverse("operations:action", args=["chatgpt-v1", action.handle])).status_code
            == 200
        )


def test_an_action_runs_its_operation(operator_client, connection, server):
    post(
        operator_client,
        connection,
        "/actions/chatgpt-v1/analyze_text/",
        text="A text",
        instruction="Sum up",
        model="m",
    )
    run = Run.objects.get()
    assert (run.operation_key, run.action, run.inputs["text"]) == (
        "chat_completions.create",
        "analyze_text",
        "A text",
    )
    runs.execute(run.id)
    assert json.loads(server.requests[0].partition(b"\r\n\r\n")[2])["messages"][1] == {
        "role": "user",
        "content": "A text",
    }
