"""The code knows no service: another one, of other manners, is played and run from its data alone."""

import asyncio
import hashlib
import hmac
import json
import re
from pathlib import Path

import httpx
import pytest

from definitions import catalog, folder, forms, lint, selectors, simulator
from operations import build

DOCS = Path(__file__).resolve().parent.parent / "docs"
FORGE = DOCS / "examples" / "forge"
PLACE = {"owner": "pat", "repo": "tools"}
SECRET = "made up, with spaces"


@pytest.fixture(autouse=True)
def forge_is_loaded(settings, monkeypatch):
    settings.DEFINITIONS = [str(FORGE.parent)]
    monkeypatch.setattr(catalog, "LOOK_AGAIN", 0)


@pytest.fixture
def practice():
    """The practice service playing both services, and what it posted."""
    posted = []

    def keep(request):
        posted.append(request)
        return httpx.Response(200)

    client = httpx.AsyncClient(transport=httpx.MockTransport(keep))
    app = simulator.application(["chatgpt-v1", "forge-v1"], client=client, delay=0)
    app.posted = posted
    return app


def made(key, values, **credentials):
    service = catalog.service("forge-v1")
    return build.request(
        service,
        service.operation(key),
        values,
        credentials or {"token": "t0ken-1234"},
        base_url="http://practice/forge-v1",
    )


def run(app, key, values):
    request = made(key, values)
    return ask(app, request.method, request.url, headers=list(request.headers), content=request.body)


def ask(app, method, url, **more):
    async def send():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as client:
            return await client.request(method, url, **more)

    return asyncio.run(send())


def test_the_example_has_nothing_to_mend():
    assert lint.lint(FORGE) == []


def test_its_own_way_to_say_who_asks_and_what_it_takes():
    headers = dict(made("users.me", {}).headers)
    assert headers == {
        "Accept": "application/vnd.forge+json",
        "X-Forge-Version": "2026-01-01",
        "Authorization": "token t0ken-1234",
    }


def test_rows_are_a_list_even_when_there_is_one():
    form = forms.form_class(catalog.operation("forge-v1", "issues.create"))(
        {**PLACE, "title": "T", "labels": ["bug"]}
    )
    assert form.is_valid(), form.errors
    request = made("issues.create", form.cleaned_data)
    assert json.loads(request.body) == {"title": "T", "labels": ["bug"]}
    assert request.url == "http://practice/forge-v1/repos/pat/tools/issues"


def test_clearing_a_number_sends_null_and_blank_says_nothing():
    assert json.loads(made("issues.update", {**PLACE, "number": "7", "milestone": None}).body) == {
        "milestone": None
    }
    assert json.loads(made("issues.update", {**PLACE, "number": 7, "milestone": ""}).body) == {}


def test_practice_plays_it_with_numbers_for_names(practice):
    issue = run(practice, "issues.create", {**PLACE, "title": "Broken", "labels": ["bug"]}).json()
    assert issue["title"] == "Broken"
    assert isinstance(issue["number"], int)
    number = {**PLACE, "number": issue["number"]}
    assert run(practice, "issues.read", number).json() == issue
    assert run(practice, "issues.update", number | {"state": "closed"}).json()["state"] == "closed"
    elsewhere = run(practice, "issues.list", {"owner": "pat", "repo": "other"}).json()
    assert issue["number"] not in [item["number"] for item in elsewhere]


def test_a_list_without_an_envelope_is_read_page_by_page(practice):
    operation = catalog.operation("forge-v1", "issues.list")
    values, seen = {**PLACE, "per_page": 2}, []
    while values:
        page = run(practice, "issues.list", values).json()
        seen += [row.resolved["number"] for row in selectors.rows(operation, page)]
        more = selectors.next_values(operation, page, values)
        values = values | more if more else None
    assert len(seen) == len(set(seen)) == 3


def test_its_webhooks_are_signed_its_own_way(practice):
    order = {
        "service": "forge-v1",
        "type": "issues",
        "url": "http://us/webhooks/1",
        "secret": SECRET,
        "object_id": "7",
    }
    control = "http://practice/__simulator__/events"
    ask(practice, "POST", control, json=order, headers={"x-practice-control": "1"})
    (posted,) = practice.posted
    signature = hmac.new(SECRET.encode(), posted.content, hashlib.sha256).hexdigest()
    assert posted.headers["x-forge-signature-256"] == f"sha256={signature}"
    assert posted.headers["x-forge-event"] == "issues"
    assert posted.headers["x-forge-delivery"]
    event = catalog.event("forge-v1", "issues")
    assert selectors.picked(event.payload, json.loads(posted.content)).missing == ()


def test_both_services_are_played_side_by_side(practice):
    key = {"authorization": "Bearer sk-1"}
    assert ask(practice, "GET", "http://practice/chatgpt-v1/models", headers=key).status_code == 200
    assert run(practice, "users.me", {}).json()["login"] == "practice"


def test_the_service_that_the_guide_walks_through_loads_as_it_stands(tmp_path):
    guide = (DOCS / "adding-a-service.md").read_text("utf-8")
    service, resources, hooks, events = re.findall(r"```json\n(.*?)```", guide, re.DOTALL)
    described = json.loads(service)
    described["service"] |= json.loads("{" + hooks + "}")
    things = json.loads(resources)
    things[0] |= json.loads("{" + events + "}")
    (tmp_path / "service.json").write_text(json.dumps(described))
    (tmp_path / "resources.json").write_text(json.dumps(things))
    assert lint.lint(tmp_path) == []
    notes = folder.load(tmp_path)
    assert [operation.key for operation in notes.operations] == ["notes.list", "notes.read", "notes.create"]
    assert notes.event("note.created").path == "/webhooks/notes/note-created"


def test_no_code_names_a_service():
    """`definitions` and the builder hold no word that belongs to one vendor."""
    root = DOCS.parent
    modules = [*root.glob("definitions/**/*.py"), root / "operations" / "build.py"]
    words = re.compile(r"openai|gpt-|chat_completions|whisper|api\.openai", re.IGNORECASE)
    assert [
        (path.name, found[0]) for path in modules if (found := words.search(path.read_text("utf-8")))
    ] == []
