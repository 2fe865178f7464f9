"""API tokens: shown once, kept as a digest, ended by time and hand, and never more than their owner."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from api import tokens
from api.models import Token
from audit.models import Entry
from connections.models import Connection
from operations.models import Answer, Run, State
from webhooks.models import Rejection


def ask(text: str, path: str, method: str = "get", body: dict | None = None):
    call = getattr(Client(), method)
    options = {"data": body, "content_type": "application/json"} if body is not None else {}
    return call(f"/api/v1/{path}", headers={"Authorization": f"Bearer {text}"}, **options)


@pytest.fixture
def connection(db) -> Connection:
    return Connection.objects.create(name="Main", service="chatgpt-v1", practice=True)


@pytest.fixture
def run(connection) -> Run:
    facts = {"connection": connection, "connection_name": "Main", "service": "chatgpt-v1"}
    return Run.objects.create(resource="models", operation="list", **facts)


def test_a_token_opens_the_api_and_its_use_is_noted(viewer) -> None:
    token, text = tokens.make(viewer, "script", "read", 7)
    assert ask(text, "connections").json() == []
    token.refresh_from_db()
    assert token.last_used_at is not None


def test_the_token_is_kept_as_a_digest_only(viewer) -> None:
    _, text = tokens.make(viewer, "script", "read", 7)
    assert text not in str(Token.objects.values().get())
    assert text not in str(list(Entry.objects.values()))


@pytest.mark.parametrize("text", ["", "swb_nope", "x" * 5000, "swb_\ud800", "é"])
def test_any_other_text_opens_nothing(db, text) -> None:
    answer = Client().get("/api/v1/runs", HTTP_AUTHORIZATION=f"Bearer {text}")
    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
    assert answer["WWW-Authenticate"] == "Bearer"


def test_a_session_opens_nothing_there(admin_client) -> None:
    assert admin_client.get("/api/v1/runs").status_code == 401


def test_a_token_ends_by_time_by_hand_and_with_its_owner(viewer, client_of) -> None:
    token, text = tokens.make(viewer, "script", "read", 7)
    with time_machine.travel(timedelta(days=8)):
        assert ask(text, "runs").status_code == 401
    viewer.is_active = False
    viewer.save()
    assert ask(text, "runs").status_code == 401
    viewer.is_active = True
    viewer.save()
    client_of(viewer).post(reverse("tokens:withdraw", args=[token.pk]))
    assert ask(text, "runs").status_code == 401


def test_nobody_but_an_admin_ends_the_token_of_another(viewer, operator_client, admin_client) -> None:
    token, _ = tokens.make(viewer, "script", "read", 7)
    path = reverse("tokens:withdraw", args=[token.pk])
    assert [client.post(path).status_code for client in (operator_client, admin_client)] == [404, 302]


@pytest.mark.parametrize(
    ("role", "scope", "allowed"),
    [
        ("viewer", "read", False),
        ("viewer", "admin", False),
        ("operator", "read", False),
        ("operator", "run", True),
        ("admin", "read", False),
        ("admin", "run", True),
        ("admin", "admin", True),
    ],
)
def test_scope_and_role_must_both_reach(person, connection, run, role, scope, allowed) -> None:
    _, text = tokens.make(person(role), "script", scope, 7)
    body = {"connection": str(connection.pk), "operation": "models.list"}
    answers = [ask(text, "runs", "post", body), ask(text, f"runs/{run.ref}/cancel", "post", {})]
    assert [answer.status_code for answer in answers] == ([202, 200] if allowed else [403, 403])


@pytest.fixture
def other(db) -> Connection:
    return Connection.objects.create(name="Other", service="chatgpt-v1", practice=True)


def test_a_token_for_one_connection_sees_nothing_of_another(admin, connection, other, run) -> None:
    _, text = tokens.make(admin, "script", "admin", 7, connections=[other.pk])
    assert [one["name"] for one in ask(text, "connections").json()] == ["Other"]
    assert ask(text, "runs").json() == {"items": [], "next": None}
    assert ask(text, f"runs/{run.ref}").status_code == 404
    body = {"connection": str(connection.pk), "operation": "models.list"}
    assert ask(text, "runs", "post", body).status_code == 404


def test_a_finished_run_tells_its_answer_as_it_came(viewer, run) -> None:
    _, text = tokens.make(viewer, "script", "read", 7)
    assert ask(text, f"runs/{run.ref}").json()["answer"] is None
    answer = Answer.objects.create(run=run, content_type="application/json", body=b'{"data": []}', size=12)
    assert ask(text, f"runs/{run.ref}").json()["answer"] == '{"data": []}'
    Answer.objects.filter(pk=answer.pk).update(content_type="audio/mpeg")
    assert ask(text, f"runs/{run.ref}").json()["answer"] is None


def test_refusals_are_found_by_cause_and_connection(viewer, connection) -> None:
    _, text = tokens.make(viewer, "script", "read", 7)
    facts = {"status": 401, "connection": connection, "last_at": timezone.now()}
    kept = {cause: Rejection.objects.create(cause=cause, **facts).code for cause in ("too_old", "no_secret")}
    found = ask(text, f"refusals?cause=too_old&connection={connection.pk}").json()
    assert [one["id"] for one in found["items"]] == [kept["too_old"]]
    assert ask(text, "refusals?cause=bad_luck").status_code == 422


def test_a_connection_closed_to_the_owner_is_closed_to_the_token(viewer, connection, run) -> None:
    _, text = tokens.make(viewer, "script", "read", 7, connections=[connection.pk])
    Connection.objects.update(limited=True)
    assert ask(text, "connections").json() == []
    assert ask(text, f"runs/{run.ref}").status_code == 404


def test_the_page_shows_a_new_token_once_and_offers_no_scope_beyond_the_role(
    operator_client, connection
) -> None:
    page = operator_client.get(reverse("tokens:list"))
    assert [value for value, _ in page.context["form"].fields["scope"].choices] == ["read", "run"]
    form = {"name": "script", "scope": "run", "days": "30", "connections": [str(connection.pk)]}
    text = operator_client.post(reverse("tokens:list"), form).context["text"]
    assert ask(text, "connections").json()[0]["name"] == "Main"
    assert text not in operator_client.get(reverse("tokens:list")).content.decode()


def test_the_page_refuses_a_scope_beyond_the_role(viewer_client) -> None:
    answer = viewer_client.post(reverse("tokens:list"), {"name": "x", "scope": "admin", "days": "7"})
    assert answer.context["text"] == ""
    assert not Token.objects.exists()


def test_making_one_needs_a_recent_proof(client_of, operator) -> None:
    assert client_of(operator, proven=301).get(reverse("tokens:list")).url.startswith("/account/confirm/")


def test_runs_start_once_and_say_what_is_wrong(operator, connection) -> None:
    _, text = tokens.make(operator, "script", "run", 7)
    once = "0b0e7f0e-57a4-4d5c-8c1d-6f1c1b1f7a11"
    body = {"connection": str(connection.pk), "operation": "models.list", "once": once}
    first, second = (ask(text, "runs", "post", body) for _ in range(2))
    assert (first.status_code, second.json()["id"]) == (202, first.json()["id"])
    assert Run.objects.get().origin == "api"
    wrong = ask(text, "runs", "post", body | {"operation": "batches.create", "values": {}, "once": None})
    assert wrong.status_code == 422
    assert "input_file_id" in wrong.json()["errors"]
    unknown = ask(text, "runs", "post", body | {"operation": "no.such"})
    assert (unknown.status_code, unknown.json()["errors"]) == (422, {"operation": "no.such"})


def test_a_run_that_ended_cannot_be_cancelled(operator, run) -> None:
    _, text = tokens.make(operator, "script", "run", 7)
    assert ask(text, f"runs/{run.ref}/cancel", "post", {}).json()["state"] == State.CANCELLED
    assert ask(text, f"runs/{run.ref}/cancel", "post", {}).status_code == 409


@pytest.mark.parametrize("asked", ["type=%00", "object_id=a%00b"])
def test_a_filter_that_no_text_can_hold_is_refused(viewer, asked) -> None:
    _, text = tokens.make(viewer, "script", "read", 7)
    assert ask(text, f"events?{asked}").status_code == 422


def test_pages_follow_each_other(viewer, run, connection) -> None:
    facts = {
        "connection": connection,
        "connection_name": "Main",
        "service": "chatgpt-v1",
        "resource": "models",
    }
    later = [Run.objects.create(operation="list", **facts) for _ in range(2)]
    _, text = tokens.make(viewer, "script", "read", 7)
    first = ask(text, "runs?limit=2").json()
    second = ask(text, f"runs?limit=2&after={first['next']}").json()
    assert [one["id"] for one in first["items"] + second["items"]] == [later[1].ref, later[0].ref, run.ref]
    assert second["next"] is None
    assert ask(text, "runs?after=evt_0000000000000").status_code == 422
    misspelt = ask(text, "runs?stat=failed")
    assert (misspelt.status_code, misspelt.json()["errors"]) == (422, {"stat": "There is no such filter."})


def test_the_reference_names_every_call(viewer_client) -> None:
    page = viewer_client.get(reverse("tokens:reference")).content.decode()
    assert "/api/v1/events/{event_id}/replay" in page
