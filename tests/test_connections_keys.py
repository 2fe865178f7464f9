"""The key ring's file, its doctor, and sealing everything anew while it is in use."""

import io
import json
import threading

import pytest
from allauth.mfa.models import Authenticator
from django.core import checks
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from django.db import connection as database

from audit.models import Entry
from config.second_factor import Adapter
from connections import connecting, crypto, keyfile, keys, resealing
from connections.checks import key_ring as key_ring_check
from connections.models import Canary, Connection, Secret
from tests.accounts import KEY, another_key, connected, new_signing_secret

pytestmark = pytest.mark.django_db


@pytest.fixture
def ring(settings, tmp_path):
    """A key file of this test's own, with one key."""
    settings.CREDENTIAL_KEYS = tmp_path / "keys"
    settings.CREDENTIAL_KEYS.write_text(another_key("k1"))
    settings.CREDENTIAL_KEYS.chmod(0o600)
    return settings.CREDENTIAL_KEYS


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("keys", *arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_a_new_key_goes_in_front_and_the_old_one_still_opens(ring):
    connection = connected()
    assert "k2 seals from now on" in run("new")
    assert [key.label for key in crypto.ring().keys] == ["k2", "k1"]
    assert ring.stat().st_mode & 0o777 == 0o600
    assert Connection.objects.get().credentials() == {"apiKey": KEY}
    assert not connection.locked


def test_a_new_key_takes_the_next_free_label(ring):
    ring.write_text(f"spring:{another_key('x')[2:]},{another_key('k7')}")
    run("new")
    assert crypto.ring().current.label == "k8"


def test_a_key_for_the_environment_is_printed_and_nothing_changes(ring):
    before = ring.read_text()
    printed = run("new", "--print").strip()
    assert [key.label for key in crypto.parse(printed).keys] == ["k2"]
    assert ring.read_text() == before


def test_a_ring_in_the_environment_is_not_changed(settings):
    settings.CREDENTIAL_KEYS = another_key("k1")
    with pytest.raises(CommandError, match="SWITCHBOARD_KEYS"):
        run("new")


def test_an_unfinished_change_of_the_file_is_not_overwritten(ring):
    ring.with_name("keys.new").write_text("another process is at it")
    with pytest.raises(CommandError, match="keys.new"):
        run("new")
    assert len(crypto.ring().keys) == 1


def test_rotating_seals_everything_by_the_newest_key(ring):
    secret = new_signing_secret()
    connected(webhook_secret=secret)
    assert run("rotate", "--new", "--batch", "1") == (
        "k2 seals from now on. Seal what is older anew with `manage.py keys rotate`.\n2 sealed anew by k2.\n"
    )
    run("retire", "k1")
    connection = Connection.objects.get()
    assert connection.credentials() == {"apiKey": KEY}
    assert connection.signing_rows[0].reveal(connection) == secret


def test_a_dry_run_counts_and_changes_nothing(ring):
    connected(webhook_secret=new_signing_secret())
    run("new")
    before = list(Secret.objects.order_by("pk").values_list("sealed", "version"))
    assert "secrets of connections: 2 to seal anew" in run("rotate", "--dry-run")
    assert "secrets of connections: 2 to seal anew" in run("rotate", "--dry-run", "--new")
    assert list(Secret.objects.order_by("pk").values_list("sealed", "version")) == before


def test_rotating_twice_finds_nothing_more(ring):
    connected()
    run("rotate", "--new")
    assert run("rotate") == "0 sealed anew by k2.\n"


def test_rotating_makes_the_value_before_useless(ring):
    connected()
    before = bytes(Secret.objects.get().sealed)
    run("rotate", "--new")
    Secret.objects.update(sealed=before)
    assert "changed or moved" in Connection.objects.get().locked


def test_rotating_keeps_what_is_known_of_a_secret(ring):
    connected().credentials()
    before = Secret.objects.get()
    run("rotate", "--new")
    after = Secret.objects.get()
    assert (after.last4, after.set_at, after.last_used_at) == (
        before.last4,
        before.set_at,
        before.last_used_at,
    )
    assert after.fingerprint == crypto.fingerprints(KEY.encode())[0] != before.fingerprint


def test_rotating_seals_the_seeds_of_second_factors_too(ring, admin):
    kinds = {Authenticator.Type.TOTP: "secret", Authenticator.Type.RECOVERY_CODES: "seed"}
    for kind, member in kinds.items():
        Authenticator.objects.create(user=admin, type=kind, data={member: Adapter().encrypt("JBSWY3DP")})
    assert "seeds of second factors: 2" in (run("new") and run("rotate", "--dry-run"))
    run("rotate")
    run("retire", "k1")
    for kind, member in kinds.items():
        assert Adapter().decrypt(Authenticator.objects.get(type=kind).data[member]) == "JBSWY3DP"


def test_a_seed_that_does_not_open_is_counted_and_stops_nothing(ring, admin, viewer):
    for person, secret in ((admin, Adapter().encrypt("JBSWY3DPEHPK3PXP")), (viewer, "written over")):
        Authenticator.objects.create(user=person, type="totp", data={"secret": secret})
    ring.write_text(another_key("k9"))
    with pytest.raises(CommandError, match="2 do not open"):
        run("rotate")


def test_what_does_not_open_is_counted_and_left_as_it_is(ring):
    connected("lost")
    ring.write_text(another_key("k5"))
    connected("found")
    with pytest.raises(CommandError, match="1 do not open"):
        run("rotate", "--new")
    assert "not in the key ring" in Connection.objects.get(name="lost").locked
    assert not Connection.objects.get(name="found").locked


def test_a_key_that_still_seals_is_not_retired(ring):
    connected()
    run("new")
    with pytest.raises(CommandError, match="k1 stays: it still seals 1"):
        run("retire", "k1")
    with pytest.raises(CommandError, match="k2 stays: it is the newest"):
        run("retire", "k2")
    with pytest.raises(CommandError, match="no key k9"):
        run("retire", "k9")


def test_the_doctor_tells_what_each_key_seals(ring):
    connected(webhook_secret=new_signing_secret())
    run("new")
    told = json.loads(run("doctor", "--json"))
    assert told["problems"] == []
    assert [(key["label"], key["current"], key["sealed"], key["proven"]) for key in told["keys"]] == [
        ("k2", True, 0, True),
        ("k1", False, 2, True),
    ]
    assert "k1" in run("doctor")


def test_the_doctor_names_a_missing_key_and_what_it_locks(ring):
    connected("Research")
    ring.write_text(another_key("k1"))
    connected("New")
    with pytest.raises(CommandError, match=r"The key k1 \([0-9a-f]{8}\) is missing and locks: Research\."):
        run("doctor")
    [missing] = [key for key in keys.states() if not key.in_ring]
    assert (missing.label, missing.locks) == ("k1", ("Research",))


def test_the_doctor_notices_a_canary_that_was_changed(ring):
    connected()
    Canary.objects.update(sealed=b"\x01" + bytes(60))
    with pytest.raises(CommandError, match="does not open its canary"):
        run("doctor")


def test_the_doctor_notices_a_whole_row_that_was_put_back(ring):
    connection = connected()
    old = Secret.objects.values().get()
    connecting.change(
        connection, connecting.Entered(connection.name, credentials={"apiKey": "sk-new-0123456789abcdef"})
    )
    run("doctor")
    run("rotate", "--new")  # its versions are beyond what the trail says, and that is as it should be
    run("doctor")
    Secret.objects.filter(pk=old.pop("id")).update(**old)
    assert Connection.objects.get().credentials() == {"apiKey": KEY}  # it opens, for it is a true one
    with pytest.raises(CommandError, match=r"“Research” is older than the audit trail says"):
        run("doctor")


def test_a_secret_that_was_deleted_and_came_back_is_noticed_too(ring):
    connection = connected(webhook_secret=new_signing_secret())
    old = Secret.objects.get(name="webhook_secret")
    connecting.set_signing_secret(connection, new_signing_secret(), keep_hours=0)
    Secret.objects.filter(name="webhook_secret").delete()
    old.save(force_insert=True)
    assert len(list(keys.rolled_back())) == 1


def test_the_doctor_prints_no_key(ring):
    connected()
    material = ring.read_text().partition(":")[2]
    assert material not in run("doctor") + run("doctor", "--json")


def test_a_broken_ring_is_a_sentence(settings):
    settings.CREDENTIAL_KEYS = "k1:short"
    assert list(keys.problems()) == ["The key k1 is not base64."]
    with pytest.raises(CommandError, match="The key k1 is not base64"):
        run("doctor")


def test_a_key_file_that_others_may_read_is_named(ring):
    assert keyfile.exposure(ring) == ""
    ring.chmod(0o644)
    assert "mode 0644" in keyfile.exposure(ring)
    assert "chmod 600" in next(keys.problems())


def test_a_key_file_that_is_gone_is_a_sentence(ring):
    ring.unlink()
    assert "FileNotFoundError" in keyfile.exposure(ring)
    assert len(list(keys.problems())) == 2


def test_every_change_of_the_ring_is_in_the_audit_trail(ring):
    connected()
    run("rotate", "--new")
    run("retire", "k1")
    written = Entry.objects.filter(action__startswith="keys.").order_by("id").values_list("action", flat=True)
    assert list(written) == ["keys.added", "keys.rotated", "keys.retired"]


def test_the_ring_is_never_half_written(ring):
    with pytest.raises(crypto.KeyRingError):
        keyfile.replace(ring, "k2:nonsense")
    assert len(crypto.ring().keys) == 1
    assert [file.name for file in ring.parent.iterdir()] == ["keys"]


def test_a_start_with_an_unusable_ring_is_refused(settings):
    settings.CREDENTIAL_KEYS = "k1:short"
    with pytest.raises(SystemCheckError, match="The key k1 is not base64"):
        call_command("check")


@pytest.mark.parametrize(("production", "level"), [(False, checks.WARNING), (True, checks.ERROR)])
def test_an_open_key_file_is_a_warning_and_in_production_an_error(ring, settings, production, level):
    settings.PRODUCTION = production
    ring.chmod(0o640)
    [found] = key_ring_check()
    assert (found.level, "mode 0640" in found.msg) == (level, True)
    ring.chmod(0o600)
    assert key_ring_check() == []


@pytest.mark.django_db(transaction=True)
def test_under_load_nothing_is_unreadable_at_any_moment(ring):
    for number in range(20):
        connected(f"number {number}", key=f"sk-{number}")
    failures: list[object] = []
    over = threading.Event()

    def read() -> None:
        try:
            while not over.is_set():
                rows = Connection.objects.with_secrets()
                failures.extend(one.locked for one in rows if one.locked)
        except Exception as error:  # a thread's exception would be lost
            failures.append(error)
        finally:
            database.close()

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for _ in range(2):
        run("rotate", "--new", "--batch", "3")
    over.set()
    for reader in readers:
        reader.join()
    assert failures == []
    assert resealing.outdated()["secrets of connections"] == 0
    assert {one.credentials()["apiKey"] for one in Connection.objects.all()} == {f"sk-{n}" for n in range(20)}


@pytest.mark.django_db(transaction=True)
def test_stopped_in_the_middle_it_goes_on_where_it_was(ring):
    for number in range(10):
        connected(f"number {number}", key=f"sk-{number}")
    run("new")
    said: list[str] = []

    def stop_at_the_third(line: str) -> None:
        said.append(line)
        if len(said) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        resealing.reseal(stop_at_the_third, batch=2)
    assert resealing.outdated()["secrets of connections"] == 4
    assert not [one.locked for one in Connection.objects.with_secrets() if one.locked]
    assert resealing.reseal(said.append, batch=2).resealed == 4
    assert {one.credentials()["apiKey"] for one in Connection.objects.all()} == {f"sk-{n}" for n in range(10)}
