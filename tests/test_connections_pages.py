"""The pages about connections: who may do what, and that no secret is on any of them."""

import re
import uuid

import pytest
from django.urls import reverse

from connections import connecting
from connections.models import Connection
from operations import runs
from tests.accounts import KEY, SERVICE, another_key, connected, new_signing_secret

pytestmark = pytest.mark.django_db
NEW = f"/connections/new/{SERVICE}/"
CHANGES = ["edit", "signing_secret", "access", "delete"]  # show a form and take it
ORDERS = ["end_previous", "switch", "default"]  # only take one


def url(name: str, connection: Connection) -> str:
    return reverse(f"connections:{name}", args=[connection.pk])


def text_of(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def filled(**given: str) -> dict[str, str]:
    return {"name": "Research", "credential-apiKey": KEY} | given


def test_the_list_shows_each_connection_with_its_state(viewer_client):
    connected("Research", webhook_secret=new_signing_secret())
    connected("Production", key="sk-production-4321")
    page = text_of(viewer_client.get("/connections/"))
    assert all(word in page for word in ("Research", "Production", "Ready", "Needs secret", "…WXYZ", "…4321"))


def test_an_empty_list_offers_practice_to_an_admin(admin_client, viewer_client):
    assert "Practice without a key" in text_of(admin_client.get("/connections/"))
    assert "An admin connects accounts" in text_of(viewer_client.get("/connections/"))


def test_with_one_service_there_is_nothing_to_choose(admin_client):
    assert admin_client.get("/connections/new/").url == NEW


def test_connecting_stores_and_shows_the_connection(admin_client, admin):
    response = admin_client.post(NEW, filled(webhook_secret=new_signing_secret()), follow=True)
    connection = Connection.objects.get()
    assert response.redirect_chain == [(connection.get_absolute_url(), 302)]
    assert connection.created_by == admin
    assert connection.credentials() == {"apiKey": KEY}
    assert "“Research” is connected." in text_of(response)


def test_a_wrong_form_comes_back_without_its_secrets(admin_client):
    response = admin_client.post(NEW, filled(webhook_secret="whsec_not-base64!"))
    page = text_of(response)
    assert response.status_code == 422
    assert "not base64" in page
    assert "Secrets are never sent back" in page
    assert KEY not in page
    assert "whsec_not-base64!" not in page
    assert not Connection.objects.exists()


def test_an_unusable_key_ring_is_said_on_the_form(admin_client, settings):
    settings.CREDENTIAL_KEYS = "k1:short"
    response = admin_client.post(NEW, filled())
    assert response.status_code == 422
    assert "k1" in text_of(response)
    assert not Connection.objects.exists()


def test_an_unknown_service_is_not_found(admin_client):
    assert admin_client.get("/connections/new/none-v1/").status_code == 404


def test_practice_takes_one_click(admin_client, settings):
    settings.SIMULATOR_URL = "http://127.0.0.1:1"
    response = admin_client.post("/connections/practice/", follow=True)
    connection = Connection.objects.get()
    assert (connection.practice, connection.endpoint_state) == (True, "ready")
    assert "This is practice" in text_of(response)
    admin_client.post("/connections/practice/")
    assert Connection.objects.count() == 1


@pytest.mark.parametrize("tab", ["", "overview", "credentials", "webhook", "access", "nonsense"])
def test_every_tab_opens_for_a_viewer_and_offers_no_change(viewer_client, tab):
    connection = connected(webhook_secret=new_signing_secret())
    response = viewer_client.get(f"{connection.get_absolute_url()}?tab={tab}")
    assert response.status_code == 200
    assert not re.search(r'<form method="post" action="/connections/', text_of(response))


def test_the_webhook_tab_shows_the_url_and_the_steps(viewer_client):
    connection = connected()
    page = text_of(viewer_client.get(f"{connection.get_absolute_url()}?tab=webhook"))
    assert f'data-copy="{connection.endpoint_url}"' in page
    assert page.count('<li class="mb-1">') == 4
    assert "No signing secret is entered" in page


def test_the_webhook_tab_shows_both_secrets_of_a_rotation(admin_client):
    connection = connected(webhook_secret=new_signing_secret())
    connecting.set_signing_secret(connection, new_signing_secret())
    page = text_of(admin_client.get(f"{connection.get_absolute_url()}?tab=webhook"))
    assert "previous" in page
    assert "End the previous secret now" in page


def test_a_locked_connection_says_why_and_the_others_work(admin_client, settings):
    old = connected("Old")
    settings.CREDENTIAL_KEYS = another_key()
    connected("New")
    assert "Locked" in text_of(admin_client.get("/connections/"))
    page = text_of(admin_client.get(old.get_absolute_url()))
    assert "The secrets of “Old” are locked." in page
    assert "put that key back" in page


def test_pages_open_when_the_definition_is_gone(admin_client):
    connection = connected(webhook_secret=new_signing_secret())
    Connection.objects.update(service="gone-v1")
    assert admin_client.get("/connections/").status_code == 200
    for tab in ("overview", "credentials", "webhook", "access"):
        assert admin_client.get(f"{connection.get_absolute_url()}?tab={tab}").status_code == 200
    assert admin_client.get(url("delete", connection)).status_code == 200
    assert admin_client.get(url("edit", connection)).status_code == 404


def test_editing_keeps_what_is_left_empty(admin_client):
    connection = connected()
    admin_client.post(url("edit", connection), {"name": "Renamed", "option-project": "proj_1"})
    changed = Connection.objects.get()
    assert (changed.name, changed.options) == ("Renamed", {"project": "proj_1"})
    assert changed.credentials() == {"apiKey": KEY}


def test_the_edit_form_holds_no_secret(admin_client):
    page = text_of(admin_client.get(url("edit", connected())))
    assert KEY not in page
    assert 'value="Research"' in page


def test_rotating_shows_in_the_webhook_tab(admin_client):
    connection = connected(webhook_secret=new_signing_secret())
    given = {"webhook_secret": new_signing_secret(), "keep_hours": "72"}
    response = admin_client.post(url("signing_secret", connection), given)
    assert response.url == f"{connection.get_absolute_url()}?tab=webhook"
    assert Connection.objects.get().has_previous_secret
    admin_client.post(url("end_previous", connection))
    assert not Connection.objects.get().has_previous_secret


def test_a_bad_signing_secret_does_not_come_back(admin_client):
    response = admin_client.post(url("signing_secret", connected()), {"webhook_secret": "whsec_typo"})
    assert response.status_code == 422
    assert "whsec_typo" not in text_of(response)


@pytest.mark.parametrize("to", ["disabled", "enabled", "paused", "resumed"])
def test_switching(admin_client, to):
    connection = connected()
    answer = admin_client.post(url("switch", connection), {"to": to})
    tab = "?tab=webhook" if to in ("paused", "resumed") else ""  # back to the button that was pressed
    assert answer.url == f"{connection.get_absolute_url()}{tab}"
    connection.refresh_from_db()
    assert {name: getattr(connection, name) for name in connecting.SWITCHES[to]} == connecting.SWITCHES[to]


def test_an_unknown_switch_is_not_found(admin_client):
    assert admin_client.post(url("switch", connected()), {"to": "practice"}).status_code == 404


def test_another_connection_can_be_made_the_default(admin_client):
    connected("first")
    second = connected("second")
    admin_client.post(url("default", second))
    assert Connection.objects.get(is_default=True) == second


def test_deleting_wants_the_name_typed(admin_client):
    connection = connected()
    response = admin_client.post(url("delete", connection), {"confirm": "research"})
    assert response.status_code == 422
    assert Connection.objects.exists()
    assert admin_client.post(url("delete", connection), {"confirm": "Research"}).url == "/connections/"
    assert not Connection.objects.exists()


def test_deleting_shows_where_it_is_used(admin_client):
    connection = connected()
    assert "Nothing uses it yet" in text_of(admin_client.get(url("delete", connection)))
    runs.start(connection, "models.list", {})
    assert "1 run<" in text_of(admin_client.get(url("delete", connection)))


def test_a_connection_can_be_limited_and_is_gone_for_the_others(
    admin_client, viewer_client, person, client_of
):
    connection, mia = connected(), person("viewer", username="mia")
    response = admin_client.post(url("access", connection), {"limited": "on", "role": "", "people": [mia.pk]})
    assert response.status_code == 302
    assert viewer_client.get(connection.get_absolute_url()).status_code == 404
    assert "Research" not in text_of(viewer_client.get("/connections/"))
    assert client_of(mia).get(connection.get_absolute_url()).status_code == 200
    assert "mia" in text_of(admin_client.get(f"{connection.get_absolute_url()}?tab=access"))


def test_an_operator_may_not_lift_a_limit_through_another_field(admin_client, person):
    connection = connected()
    admin_client.post(url("access", connection), {"limited": "on", "role": "admin", "people": []})
    assert not Connection.objects.get().limited  # a role that was not offered: nothing is saved


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_only_admins_get_the_forms(person, client_of, name, role):
    client, connection = client_of(person(role)), connected()
    assert client.get(url(name, connection)).status_code == 403
    assert client.post(url(name, connection), {"confirm": "Research"}).status_code == 403
    assert Connection.objects.get().name == "Research"


@pytest.mark.parametrize("name", ORDERS)
def test_only_admins_give_orders(operator_client, name):
    assert operator_client.post(url(name, connected()), {"to": "disabled"}).status_code == 403
    assert Connection.objects.get().enabled


@pytest.mark.parametrize("path", [NEW, "/connections/new/", "/connections/practice/"])
def test_only_admins_connect(operator_client, path):
    method = operator_client.post if "practice" in path else operator_client.get
    assert method(path).status_code == 403


@pytest.mark.parametrize("name", ORDERS)
def test_orders_are_posts(admin_client, name):
    assert admin_client.get(url(name, connected())).status_code == 405


@pytest.mark.parametrize("name", ["detail", *CHANGES])
def test_a_foreign_id_looks_like_a_missing_one(admin_client, name):
    assert admin_client.get(reverse(f"connections:{name}", args=[uuid.uuid4()])).status_code == 404


@pytest.mark.parametrize("path", ["/connections/", NEW])
def test_nobody_comes_in_without_signing_in(client, path):
    assert client.get(path).url.startswith("/sign-in/")


@pytest.mark.parametrize("name", CHANGES)
def test_secrets_want_a_recent_proof(admin, client_of, name):
    client, connection = client_of(admin, proven=6 * 60), connected()
    assert client.get(url(name, connection)).url.startswith(reverse("account_reauthenticate"))
    client.post(url(name, connection), {"confirm": "Research"})
    assert Connection.objects.exists()


def test_a_form_without_its_token_is_refused(admin, client_of):
    client, connection = client_of(admin), connected()
    client.handler.enforce_csrf_checks = True
    assert client.post(url("switch", connection), {"to": "disabled"}).status_code == 403


def test_no_page_shows_a_secret(admin_client):
    secrets = [KEY, new_signing_secret(), new_signing_secret()]
    connection = connected(key=KEY, webhook_secret=secrets[1])
    connecting.set_signing_secret(connection, secrets[2])
    pages = [
        f"{connection.get_absolute_url()}?tab={tab}"
        for tab in ("overview", "credentials", "webhook", "access")
    ]
    pages += ["/connections/", *(url(name, connection) for name in CHANGES)]
    for page in pages:
        body = admin_client.get(page).content.decode()
        assert not [secret for secret in secrets if secret[:-4] in body], page
