"""One-time links: the first person, joining, new passwords, and what ends a link."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.urls import reverse

from audit.models import Entry
from people import invitations
from people.models import Invitation, Person

GOOD = "correct horse battery"


def path_of(link: str) -> str:
    return "/welcome/" + link.rsplit("/welcome/", 1)[1]


def join(link: str, username: str = "ada", password: str = GOOD, repeat: str | None = None):
    form = {"username": username, "password": password, "repeat": repeat or password}
    return Client().post(path_of(link), form)


@pytest.fixture
def link(admin) -> str:
    return invitations.invite("operator", by=admin, note="Ada")[1]


def test_the_first_link_makes_an_admin_and_there_is_no_second(db) -> None:
    link = invitations.first_link()
    assert join(link).url == reverse("overview:home")
    assert Person.objects.get().role == "admin"
    assert invitations.first_link() is None


def test_each_start_withdraws_the_first_link_of_the_start_before(db) -> None:
    old, new = invitations.first_link(), invitations.first_link()
    assert [Client().get(path_of(one)).status_code for one in (old, new)] == [410, 200]


def test_two_first_links_make_one_admin(db) -> None:
    link = invitations.first_link()
    Invitation.objects.update(withdrawn_at=None)
    Person.objects.create(username="someone")
    assert join(link).status_code == 410


def test_someone_joins_with_the_role_that_was_offered(link) -> None:
    join(link)
    ada = Person.objects.get(username="ada")
    assert (ada.role, ada.check_password(GOOD), ada.is_staff) == ("operator", True, False)
    assert [entry.action for entry in Entry.objects.all()[:2]] == ["person.signed_in", "person.joined"]


def test_a_link_works_once(link) -> None:
    join(link)
    again = join(link, "eve")
    assert again.status_code == 410
    assert b"does not work any more" in again.content
    assert not Person.objects.filter(username="eve").exists()


def test_a_link_expires(link) -> None:
    with time_machine.travel(timedelta(hours=73)):
        assert join(link).status_code == 410


def test_a_withdrawn_link_is_dead(link, admin_client) -> None:
    admin_client.post(reverse("people:withdraw", args=[Invitation.objects.get().pk]))
    assert join(link).status_code == 410


def test_only_the_digest_of_a_link_is_kept(link) -> None:
    token = link.rstrip("/").rsplit("/", 1)[1]
    kept = Invitation.objects.values().get()
    assert all(token not in str(value) for value in kept.values())
    assert not Entry.objects.filter(note__contains=token).exists()


@pytest.mark.django_db(transaction=True)
def test_many_at_once_make_one_person(person) -> None:
    link = invitations.invite("viewer", by=person("admin"))[1]
    barrier = threading.Barrier(6)

    def use(number: int) -> None:
        barrier.wait()
        join(link, f"ada{number}")
        connection.close()

    threads = [threading.Thread(target=use, args=[number]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Person.objects.filter(username__startswith="ada").count() == 1


@pytest.mark.parametrize(
    ("username", "password", "repeat", "sentence"),
    [
        ("ada", "short", None, "at least 12"),
        ("ada", "adaadaadaada1", "other", "differ"),
        ("adalovelace1815", "adalovelace1815", None, "too similar"),
        ("ada", "password1234", None, "too common"),
        ("ADMIN", GOOD, None, "has this name"),
        ("a b", GOOD, None, "valid username"),
        ("", GOOD, None, "required"),
    ],
)
def test_a_wrong_form_says_why_and_leaves_the_link_alive(link, username, password, repeat, sentence) -> None:
    answer = join(link, username, password, repeat)
    assert sentence in answer.content.decode()
    assert f'value="{password}"' not in answer.content.decode() or password == username
    assert Client().get(path_of(link)).status_code == 200


def test_a_reset_link_changes_the_password_of_the_one_it_is_for(admin_client, viewer) -> None:
    answer = admin_client.post(reverse("people:reset", args=[viewer.pk]))
    link = answer.context["link"]
    Client().post(path_of(link), {"password": GOOD, "repeat": GOOD, "username": "mallory"})
    viewer.refresh_from_db()
    assert (viewer.username, viewer.check_password(GOOD)) == ("viewer", True)
    assert [entry.action for entry in Entry.objects.all()[:2]] == [
        "person.signed_in",
        "person.password_reset",
    ]


def test_an_invitation_is_shown_once_with_a_link_to_copy(admin_client) -> None:
    answer = admin_client.post(reverse("people:invite"), {"note": "Bo", "role": "viewer"})
    assert "/welcome/" in answer.context["link"]
    assert "/welcome/" not in admin_client.get(reverse("people:list")).content.decode()
