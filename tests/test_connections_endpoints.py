"""What the door is told about an endpoint."""

import base64
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from connections import connecting, endpoints
from connections.models import Secret
from tests.accounts import SERVICE, connected, new_signing_secret

pytestmark = pytest.mark.django_db


def raw(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix("whsec_"))


def test_it_is_found_by_its_id():
    secret = new_signing_secret()
    connection = connected(webhook_secret=secret)
    endpoint = endpoints.load(connection.endpoint)
    assert (endpoint.connection_id, endpoint.name, endpoint.service) == (connection.pk, "Research", SERVICE)
    assert [(one.label, one.key) for one in endpoint.secrets] == [("current", raw(secret))]
    assert endpoint.enabled
    assert not endpoint.paused


def test_without_an_id_the_default_of_the_service_is_found():
    connection = connected()
    connected("second")
    assert endpoints.load(None, SERVICE).connection_id == connection.pk


@pytest.mark.parametrize(
    "asked", [(uuid.uuid4(), ""), (uuid.uuid4(), SERVICE), (None, ""), (None, "other-v1")]
)
def test_what_does_not_exist_is_none(asked):
    connected()
    assert endpoints.load(*asked) is None


def test_a_disabled_endpoint_says_so():
    connection = connected()
    connecting.switch(connection, "disabled")
    assert not endpoints.load(connection.endpoint).enabled


def test_both_secrets_of_a_rotation_are_there_the_current_one_first():
    old, new = new_signing_secret(), new_signing_secret()
    connection = connected(webhook_secret=old)
    connecting.set_signing_secret(connection, new)
    current, previous = endpoints.load(connection.endpoint).secrets
    assert (current.key, current.valid_until) == (raw(new), None)
    assert previous.key == raw(old)
    assert previous.valid_until > timezone.now()


def test_a_previous_secret_whose_time_is_over_is_left_out():
    connection = connected(webhook_secret=new_signing_secret())
    connecting.set_signing_secret(connection, new_signing_secret())
    Secret.objects.exclude(valid_until=None).update(valid_until=timezone.now() - timedelta(seconds=1))
    assert [one.label for one in endpoints.load(connection.endpoint).secrets] == ["current"]


def test_a_locked_secret_is_named_as_the_reason_and_left_out(settings):
    connection = connected(webhook_secret=new_signing_secret())
    settings.CREDENTIAL_KEYS = "k9:" + base64.b64encode(bytes(range(32))).decode()
    endpoint = endpoints.load(connection.endpoint)
    assert endpoint.secrets == ()
    assert "not in the key ring" in endpoint.locked


def test_it_notes_when_a_secret_last_verified_a_delivery():
    connection = connected(webhook_secret=new_signing_secret())
    [secret] = endpoints.load(connection.endpoint).secrets
    at = timezone.now()
    endpoints.touch({secret.id: at})
    assert Secret.objects.get(pk=secret.id).last_used_at == at


def test_an_earlier_use_noted_later_changes_nothing():
    connection = connected(webhook_secret=new_signing_secret())
    [secret] = endpoints.load(connection.endpoint).secrets
    at = timezone.now()
    endpoints.touch({secret.id: at})
    endpoints.touch({secret.id: at - timedelta(hours=1)})
    assert Secret.objects.get(pk=secret.id).last_used_at == at


def test_printing_an_endpoint_shows_no_key():
    secret = new_signing_secret()
    assert repr(raw(secret)) not in repr(endpoints.load(connected(webhook_secret=secret).endpoint))


def test_it_takes_two_queries(django_assert_max_num_queries):
    connection = connected(webhook_secret=new_signing_secret())
    with django_assert_max_num_queries(2):
        endpoints.load(connection.endpoint)
