"""A small sample of what `python -m benchmarks.fuzz` does a million times: no 5xx, nothing unproven."""

import pytest
from django.contrib.auth.hashers import make_password

from benchmarks.deliveries import Sender
from benchmarks.fuzz import door, forms, headers, reader, wire
from webhooks.models import Event

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("cases", [door.header_sets, door.signed_bodies])
def test_the_door_answers_by_its_contract_and_stores_nothing_unproven(cases):
    sender = Sender.of("Fuzzed")
    outcome = door.put_through(cases(sender, range(400), 3))
    assert outcome.wrong == []
    assert outcome.posts == 400
    assert Event.objects.count() > 5
    assert door.unverified(sender) == []


def test_an_event_without_a_fitting_signature_is_found():
    sender = Sender.of("Fuzzed")
    door.put_through(door.signed_bodies(sender, range(3), 1))
    Event.objects.order_by("id").first().delete()
    event = Event.objects.order_by("id").first()
    Event.objects.filter(pk=event.pk).update(body=b"{}")
    assert door.unverified(sender) == [event.delivery_id]


def test_a_case_is_made_again_from_its_number_alone():
    sender = Sender.of("Fuzzed")
    [alone] = door.header_sets(sender, [41], 7)
    *_, last = door.header_sets(sender, range(42), 7)
    assert (alone.changes, alone.peer, alone.method) == (last.changes, last.peer, last.method)
    assert alone.number == last.number == 41


def test_a_case_goes_over_the_wire_as_wrongly_as_it_is():
    case = headers.signed("/webhooks/x", b"key", "evt", 1, b"{}", "198.18.0.1")
    case.method, case.headers = "post", [(b"content-length", b"-1"), (b"x", b"a\r\nb: c")]
    assert wire.raw(case).startswith(b"post /webhooks/x HTTP/1.1\r\nhost: localhost\r\n")
    assert wire.raw(case).endswith(b"content-length: -1\r\nx: a\r\nb: c\r\n\r\n{}")


def test_a_form_is_read_as_a_browser_would_send_it():
    page = reader.Reader("/here/")
    page.feed(
        "<form method=post><input name=a value=1><input type=checkbox name=b value=2>"
        "<input type=radio name=c value=3 checked><textarea name=d>four</textarea>"
        "<select name=e><option value=''>-<option value=5><option value=6 selected></select></form>"
    )
    [form] = page.forms
    assert form.action == "/here/"
    assert {name: value for name, _, value in form.fields} == {"a": "1", "c": "3", "d": "four", "e": "6"}


def test_no_form_answers_5xx_to_anybody(person):
    password = make_password("a password of the fuzz")
    people = {role: person(role, password=password) for role in ("viewer", "operator", "admin")}
    browsers = {who: forms.Browser(someone) for who, someone in {"anybody": None, **people}.items()}
    outcome = forms.post(browsers, forms.forms_of(browsers), range(40), 5)
    assert outcome.wrong == []
    assert outcome.kinds > 5
