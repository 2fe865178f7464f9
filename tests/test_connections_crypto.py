"""What is sealed opens at its own place, under its own key, and nowhere else."""

import base64
import json
import os
import uuid

import pytest
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st

from connections import crypto
from connections.crypto import Place

PLACE = Place("connections.secret", str(uuid.UUID(int=7)), "apiKey", 3)
text = st.text(max_size=40)
places = st.builds(Place, text, st.uuids().map(str), text, st.integers(0, 2**31))
purposes = st.sampled_from(crypto.PURPOSES)


def new_key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


def ring_of(settings, *keys: tuple[str, str]) -> None:
    settings.CREDENTIAL_KEYS = ",".join(f"{label}:{key}" for label, key in keys)


@budget(max_examples=60)
@given(st.binary(max_size=300), places, purposes)
def test_what_is_sealed_opens_at_its_place(plain, place, purpose):
    assert crypto.unseal(crypto.seal(plain, place, purpose=purpose), place, purpose=purpose) == plain


@budget(max_examples=60)
@given(places, places)
def test_it_opens_at_no_other_place(here, there):
    sealed = crypto.seal(b"secret", here)
    if here != there:
        with pytest.raises(crypto.SealBroken):
            crypto.unseal(sealed, there)


@pytest.mark.parametrize("change", [{"table": "x"}, {"row": "x"}, {"field": "x"}, {"version": 2}])
def test_another_table_row_field_or_version_refuses_it(change):
    sealed = crypto.seal(b"secret", PLACE)
    with pytest.raises(crypto.SealBroken, match="changed or moved"):
        crypto.unseal(sealed, PLACE._replace(**change))


def test_another_purpose_refuses_it():
    with pytest.raises(crypto.SealBroken):
        crypto.unseal(crypto.seal(b"secret", PLACE, purpose="webhooks"), PLACE, purpose="seeds")


@budget(max_examples=60)
@given(st.data())
def test_any_changed_bit_refuses_it(data):
    sealed = bytearray(crypto.seal(b"a secret of some length", PLACE))
    index = data.draw(st.integers(0, len(sealed) - 1))
    sealed[index] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(crypto.SealError):
        crypto.unseal(bytes(sealed), PLACE)


@budget(max_examples=60)
@given(st.binary(max_size=120))
def test_nothing_else_is_taken_for_a_sealed_value(planted):
    with pytest.raises(crypto.SealError):
        crypto.unseal(planted, PLACE)


def test_the_same_value_never_looks_the_same_twice():
    assert len({crypto.seal(b"secret", PLACE) for _ in range(50)}) == 50


def test_the_column_is_format_key_id_nonce_and_ciphertext():
    sealed = crypto.seal(b"secret", PLACE)
    assert sealed[:1] == b"\x01"
    assert crypto.key_id(sealed) == sealed[1:5] == crypto.ring().current.id
    assert len(sealed) == 1 + 4 + 12 + len(b"secret") + 16


def test_the_associated_data_is_a_json_list():
    assert json.loads(PLACE.associated_data()) == ["connections.secret", PLACE.row, "apiKey", 3]


def test_parts_of_a_place_cannot_run_into_each_other():
    assert Place("a", "bc", "d", 1).associated_data() != Place("ab", "c", "d", 1).associated_data()
    assert Place('a","b', "c", "d", 1).associated_data() != Place("a", 'b","c', "d", 1).associated_data()


def test_the_newest_key_seals_and_all_keys_open(settings):
    old, new = ("k1", new_key()), ("k2", new_key())
    ring_of(settings, old)
    before = crypto.seal(b"secret", PLACE)
    ring_of(settings, new, old)
    assert crypto.unseal(before, PLACE) == b"secret"
    assert crypto.key_id(crypto.seal(b"secret", PLACE)) != crypto.key_id(before)


def test_a_missing_key_is_named(settings):
    sealed = crypto.seal(b"secret", PLACE)
    ring_of(settings, ("k1", new_key()))
    with pytest.raises(crypto.KeyMissing, match=crypto.key_id(sealed).hex()):
        crypto.unseal(sealed, PLACE)


def test_another_key_under_the_same_label_does_not_open_it(settings):
    ring_of(settings, ("k1", new_key()))
    sealed = crypto.seal(b"secret", PLACE)
    ring_of(settings, ("k1", new_key()))
    with pytest.raises(crypto.KeyMissing):
        crypto.unseal(sealed, PLACE)


def test_a_key_may_be_renamed(settings):
    key = new_key()
    ring_of(settings, ("k1", key))
    sealed = crypto.seal(b"secret", PLACE)
    ring_of(settings, ("spring", key))
    assert crypto.unseal(sealed, PLACE) == b"secret"


def test_each_purpose_has_a_key_of_its_own():
    key = crypto.ring().current
    derived = {key.derive(purpose) for purpose in crypto.PURPOSES}
    assert len(derived) == len(crypto.PURPOSES)
    assert key.material not in derived


def test_an_unknown_purpose_is_a_mistake():
    with pytest.raises(ValueError, match="unknown purpose"):
        crypto.seal(b"secret", PLACE, purpose="anything")


WEAK = {
    "empty ring": ("", "is empty"),
    "only commas": (" , ,", "is empty"),
    "no label": (new_key(), "no label"),
    "odd label": (f"a b:{new_key()}", "no label"),
    "not base64": ("k1:!!!", "not base64"),
    "not ascii": ("k1:ключ", "not base64"),
    "short": ("k1:" + base64.b64encode(os.urandom(16)).decode(), "16 bytes instead of 32"),
    "long": ("k1:" + base64.b64encode(os.urandom(33)).decode(), "33 bytes instead of 32"),
    "nothing": ("k1:", "0 bytes instead of 32"),
    "zeros": ("k1:" + base64.b64encode(bytes(32)).decode(), "repeats itself"),
    "a pattern": ("k1:" + base64.b64encode(os.urandom(8) * 4).decode(), "repeats itself"),
    "a sentence": ("k1:" + base64.b64encode(b"correct horse battery staple 123").decode(), "readable text"),
}


@pytest.mark.parametrize(("ring", "complaint"), WEAK.values(), ids=WEAK)
def test_a_weak_or_malformed_ring_is_refused_with_a_sentence(ring, complaint):
    with pytest.raises(crypto.KeyRingError, match=complaint) as refused:
        crypto.parse(ring)
    assert ring.partition(":")[2] in ("", "!!!") or ring.partition(":")[2] not in str(refused.value)


def test_a_key_that_is_the_secret_key_is_refused():
    key = new_key()
    with pytest.raises(crypto.KeyRingError, match="same as SECRET_KEY"):
        crypto.parse(f"k1:{key}", forbidden=key)


@pytest.mark.parametrize("twin", ["same label", "same key"])
def test_a_twofold_key_is_refused(twin):
    one, other = new_key(), new_key()
    ring = f"k1:{one},k1:{other}" if twin == "same label" else f"k1:{one},k2:{one}"
    with pytest.raises(crypto.KeyRingError, match="twice"):
        crypto.parse(ring)


def test_the_ring_may_be_a_file_and_is_read_anew(settings, tmp_path):
    settings.CREDENTIAL_KEYS = tmp_path / "keys"
    settings.CREDENTIAL_KEYS.write_text(f"k1:{new_key()}\n")
    sealed = crypto.seal(b"secret", PLACE)
    settings.CREDENTIAL_KEYS.write_text(f"k2:{new_key()},{settings.CREDENTIAL_KEYS.read_text()}")
    assert crypto.unseal(sealed, PLACE) == b"secret"
    assert crypto.ring().current.label == "k2"


def test_a_file_that_is_gone_is_a_sentence(settings, tmp_path):
    settings.CREDENTIAL_KEYS = tmp_path / "keys"
    with pytest.raises(crypto.KeyRingError, match="cannot be read"):
        crypto.ring()


def test_fingerprints_tell_values_apart_and_survive_a_new_key(settings):
    old, new = ("k1", new_key()), ("k2", new_key())
    ring_of(settings, old)
    [before] = crypto.fingerprints(b"secret")
    assert crypto.fingerprints(b"other") != (before,)
    ring_of(settings, new, old)
    assert crypto.fingerprints(b"secret")[1] == before


def test_a_key_never_prints_itself():
    key = crypto.ring().current
    assert repr(key.material) not in repr(key)
    assert base64.b64encode(key.material).decode() not in repr(crypto.ring())
