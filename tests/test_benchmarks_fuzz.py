"""A small sample of what `python -m benchmarks.fuzz` does a million times: no 5xx, nothing unproven."""

from random import Random

import pytest
from django.contrib.auth.hashers import make_password

from benchmarks.deliveries import Sender
from benchmarks.fuzz import door, forms
from webhooks.models import Event

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("cases", [door.header_sets, door.signed_bodies])
def test_the_door_answers_by_its_contract_and_stores_nothing_unproven(cases):
    sender = Sender.of("Fuzzed")
    outcome = door.put_through(cases(sender, 400, Random(3)))
    assert outcome.wrong == []
    assert outcome.posts == 400
    assert Event.objects.count() > 5
    assert door.unverified(sender) == []


def test_an_event_without_a_fitting_signature_is_found():
    sender = Sender.of("Fuzzed")
    door.put_through(door.signed_bodies(sender, 3, Random(1)))
    Event.objects.order_by("id").first().delete()
    event = Event.objects.order_by("id").first()
    Event.objects.filter(pk=event.pk).update(body=b"{}")
    assert door.unverified(sender) == [event.delivery_id]


def test_no_form_answers_5xx(person):
    admin = person("admin", password=make_password("a password of the fuzz"))
    outcome = forms.post(forms.client_of(admin), 40, Random(5))
    assert outcome.wrong == []
    assert outcome.kinds > 5
