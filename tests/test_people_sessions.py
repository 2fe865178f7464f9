"""Signing in and out, limits on guessing, the ends of a session, and the proof asked for again."""

import time
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from audit.models import Entry
from people.models import Person

GOOD = "correct horse battery"
SIGN_IN = "/sign-in/"


@pytest.fixture
def ada(db) -> Person:
    return Person.objects.create_user("ada", password=GOOD, role="admin")


def sign_in(client: Client, password: str = GOOD, username: str = "ada", **extra):
    return client.post(SIGN_IN, {"login": username, "password": password}, **extra)


def test_everything_asks_for_the_sign_in_first(client, db) -> None:
    answer = client.get("/people/")
    assert answer.url == f"{SIGN_IN}?next=/people/"


def test_a_sign_in_leads_back_and_is_on_the_trail(ada, client) -> None:
    answer = client.post(f"{SIGN_IN}?next=/people/", {"login": "ada", "password": GOOD, "next": "/people/"})
    assert answer.url == "/people/"
    assert Entry.objects.values_list("action", "actor").first() == ("person.signed_in", "ada")


@pytest.mark.parametrize("next", ["//evil.example/", "https://evil.example/", "javascript:alert(1)"])
def test_a_sign_in_leads_nowhere_else(ada, client, next) -> None:
    answer = client.post(SIGN_IN, {"login": "ada", "password": GOOD, "next": next})
    assert answer.url == "/"


def test_unknown_names_and_wrong_passwords_get_the_same_words(ada, client) -> None:
    texts = [
        list(sign_in(client, "wrong wrong wrong", name).context["form"].non_field_errors())
        for name in ("ada", "bob")
    ]
    assert texts[0] == texts[1] != []


def test_guessing_is_limited_for_the_name_and_the_right_password_then_fails_too(ada, client) -> None:
    for _ in range(5):
        sign_in(client, "wrong wrong wrong")
    answer = sign_in(client, HTTP_X_FORWARDED_FOR="203.0.113.9")
    assert "Too many" in answer.content.decode()
    assert Entry.objects.filter(action="person.sign_in_refused", note="ada").count() == 5


def test_a_shut_out_person_is_out_at_once(ada, client, admin_client) -> None:
    sign_in(client)
    admin_client.post(reverse("people:set_active", args=[ada.pk]))
    assert client.get("/people/").url.startswith(SIGN_IN)
    assert sign_in(client).url == reverse("account_inactive")


def test_a_lowered_role_counts_with_the_next_request(ada, client, admin_client) -> None:
    sign_in(client)
    admin_client.post(reverse("people:person", args=[ada.pk]), {"role": "viewer"})
    assert client.get(reverse("people:invite")).status_code == 403


def test_signing_out_needs_a_post_and_is_on_the_trail(ada, client) -> None:
    sign_in(client)
    client.get("/sign-out/")
    assert client.get("/people/").status_code == 200
    client.post("/sign-out/")
    assert client.get("/people/").status_code == 302
    assert Entry.objects.first().action == "person.signed_out"


def test_an_idle_session_ends(ada, client) -> None:
    sign_in(client)
    with time_machine.travel(timedelta(minutes=31)):
        assert client.get("/people/?x=1").url == f"{SIGN_IN}?next=/people/%3Fx%3D1"


@pytest.mark.parametrize(
    ("came", "back"),
    [("http://testserver/people/invite/?a=b", "/people/invite/%3Fa%3Db"), ("http://evil/", "/")],
)
def test_what_an_idle_session_sent_is_said_to_be_lost_and_its_page_comes_next(
    ada, client, came, back
) -> None:
    sign_in(client)
    with time_machine.travel(timedelta(minutes=31)):
        answer = client.post("/people/invite/", headers={"referer": came})
        assert answer.url == f"{SIGN_IN}?next={back}"
        assert b"What you sent was not taken" in client.get(answer.url).content


def test_a_form_sent_without_any_session_leads_back_to_its_page_not_to_its_address(ada, client) -> None:
    page = "http://testserver/people/invite/"
    answer = client.post("/people/1/reset/", headers={"referer": page})
    assert answer.url == f"{SIGN_IN}?next=/people/invite/"
    assert b"What you sent was not taken" in client.get(answer.url).content


def test_a_used_session_lasts_half_a_day_and_no_longer(ada, client) -> None:
    sign_in(client)
    now = time.time()
    for minutes in range(0, 12 * 60, 25):
        with time_machine.travel(now + minutes * 60):
            assert client.get("/people/").status_code == 200
    with time_machine.travel(now + 12 * 3600 + 60):
        assert client.get("/people/").url.startswith(SIGN_IN)


def test_an_old_proof_is_asked_for_again_before_the_form(client_of, ada) -> None:
    answer = client_of(ada, proven=301).get(reverse("people:invite"))
    assert answer.url == "/account/confirm/?next=%2Fpeople%2Finvite%2F"


def test_a_form_posted_with_an_old_proof_is_not_kept(client_of, ada) -> None:
    client = client_of(ada, proven=301)
    page = "http://testserver/people/invite/"
    answer = client.post(reverse("people:invite"), {"note": "canary", "role": "admin"}, HTTP_REFERER=page)
    assert answer.url == "/account/confirm/?next=%2Fpeople%2Finvite%2F"
    assert "canary" not in str(dict(client.session))


def test_the_password_proves_it_again(client_of, ada) -> None:
    client = client_of(ada, proven=301)
    client.post("/account/confirm/?next=/people/invite/", {"password": GOOD})
    assert client.get(reverse("people:invite")).status_code == 200


def test_the_password_changes_with_the_old_one(client_of, ada) -> None:
    new = "a new and longer one"
    client_of(ada).post("/account/password/", {"oldpassword": GOOD, "password1": new, "password2": new})
    ada.refresh_from_db()
    assert ada.check_password(new)
    assert Entry.objects.first().action == "person.password_changed"


def test_no_page_is_kept_by_a_cache(viewer_client, client) -> None:
    assert viewer_client.get("/people/").headers["Cache-Control"] == "private, no-store"
    assert "no-store" in client.get(SIGN_IN).headers["Cache-Control"]


def test_a_change_needs_the_token_of_its_form(admin) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin)
    answer = client.post(reverse("people:set_active", args=[admin.pk]))
    assert answer.status_code == 403
    assert "send it again" in answer.content.decode()


def test_the_last_admin_stays(admin_client, admin) -> None:
    answer = admin_client.post(reverse("people:person", args=[admin.pk]), {"role": "viewer"})
    assert "only admin" in answer.content.decode()
    admin_client.post(reverse("people:set_active", args=[admin.pk]))
    admin.refresh_from_db()
    assert (admin.role, admin.is_active) == ("admin", True)


def test_the_people_page_costs_the_same_queries_for_many(
    admin_client, person, django_assert_max_num_queries
) -> None:
    for number in range(20):
        person("viewer", username=f"someone{number}")
    with django_assert_max_num_queries(8):
        admin_client.get(reverse("people:list"))
