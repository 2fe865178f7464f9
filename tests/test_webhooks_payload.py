"""Monsters of JSON and Unicode: read where they can be read, shown or explained where not, never an error."""

import pytest
from django.template.loader import render_to_string
from hypothesis import given, settings
from hypothesis import strategies as st

from definitions.schema import Webhooks
from webhooks import payload, showing

SCHEME = Webhooks(scheme="standard-webhooks")

# name: body, mark at the door, whether a page can show it as a document, whether jsonb gets it
MONSTERS = {
    "text": (b"hello", "not_json", False, False),
    "empty": (b"", "not_json", False, False),
    "NUL in a value": (b'{"a":"\\u0000"}', "", True, False),
    "NUL in a key": (b'{"\\u0000":1}', "", True, False),
    "lone surrogate": (b'{"a":"\\ud800"}', "raw_only", True, False),
    "NaN": (b"[NaN]", "not_json", False, False),
    "Infinity": (b"[Infinity]", "not_json", False, False),
    "-Infinity": (b"[-Infinity]", "not_json", False, False),
    "integer of 4,000 digits": (b"[" + b"1" * 4000 + b"]", "raw_only", True, False),
    "integer of 5,000 digits": (b"[" + b"1" * 5000 + b"]", "raw_only", True, False),
    "1e400": (b"[1e400]", "raw_only", True, False),
    "1e131071 a thousand times": (b"[" + b",".join([b"1e131071"] * 1000) + b"]", "raw_only", True, False),
    "arrays 100,000 deep": (b"[" * 100_000 + b"]" * 100_000, "raw_only", False, False),
    "arrays 500 deep": (b"[" * 500 + b"]" * 500, "", False, False),
    "objects 100,000 deep": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "raw_only", False, False),
    "arrays 64 deep": (b"[" * 63 + b"1" + b"]" * 63, "", True, True),
    "duplicate keys": (b'{"id":"good","id":"evil"}', "", True, True),
    "byte order mark": (b"\xef\xbb\xbf{}", "not_json", False, False),
    "not UTF-8": (b'{"a":"\xff"}', "not_json", False, False),
    "UTF-16": ("{}".encode("utf-16"), "not_json", False, False),
    "null": (b"null", "", True, False),
    "a number": (b"5", "", True, True),
    "a string": (b'"x"', "", True, True),
    "a list": (b"[]", "", True, True),
    "prototype keys": (b'{"__proto__":{"a":1},"constructor":2,"toString":3}', "", True, True),
    "trailing text": (b"{} x", "not_json", False, False),
    "type that is no text": (b'{"type":{"a":1},"data":{"id":5}}', "", True, True),
    "wrong way round": ('{"type":"\u202eevil","data":{"id":"\\u0000"}}'.encode(), "", True, False),
}  # fmt: skip


@pytest.mark.parametrize("name", MONSTERS)
def test_a_monster_is_read_as_far_as_it_can_be(name):
    body, mark, shown, held = MONSTERS[name]
    assert payload.envelope(SCHEME, {}, body).mark == mark
    document = payload.document(body)
    assert (not document.problem) == shown
    assert (payload.view(body) is not None) == held
    if shown:
        render_to_string("components/json.html", {"document": document.value}).encode()
    showing.shown(body).text.encode()


def test_the_envelope_gives_type_object_and_time():
    body = b'{"id":"evt_1","type":"batch.completed","created_at":1719168000,"data":{"id":"batch_1"}}'
    assert payload.envelope(SCHEME, {}, body) == payload.Envelope("batch.completed", "batch_1", 1719168000)


@pytest.mark.parametrize("created", [b"-1", b"1e30", b'"now"', b"true", b"null"])
def test_a_senseless_time_is_no_time(created):
    assert payload.envelope(SCHEME, {}, b'{"created_at":%b}' % created).created_at is None


def test_names_are_cut_and_hold_no_nul():
    body = b'{"type":"a\\u0000%b","data":{"id":"x"}}' % (b"y" * 1000)
    told = payload.envelope(SCHEME, {}, body)
    assert len(told.type) == payload.LONGEST_NAME
    assert "\0" not in told.type


def test_the_type_may_stand_in_a_header():
    github = Webhooks(scheme="hmac-sha256-header", type_header="X-GitHub-Event")
    assert payload.envelope(github, {b"x-github-event": b"push"}, b"{}").type == "push"


def test_the_subject_is_the_envelopes_object_or_the_body_itself():
    envelope = {"type": "batch.completed", "data": {"id": "batch_1"}}
    assert payload.subject(SCHEME, envelope) == {"id": "batch_1"}
    for whole in ({"id": "batch_1"}, {"type": 5, "data": {}}, {"type": "x", "data": [1]}, [1], "x", None):
        assert payload.subject(SCHEME, whole) == whole


def test_numbers_are_shown_as_they_were_written():
    body = b'{"a":1.10,"b":12345678901234567890123,"c":1e400,"d":0.5}'
    value = payload.document(body).value
    assert [str(value[name]) for name in "abcd"] == ["1.10", "12345678901234567890123", "1e400", "0.5"]


def test_duplicate_keys_are_named():
    assert payload.document(b'{"a":{"id":1,"id":2},"b":1,"b":2}').duplicate_keys == ("id", "b")


def test_a_megabyte_of_duplicate_keys_is_counted_once_and_told_in_part():
    same = b"{" + b",".join([b'"a":1'] * 150_000) + b"}"
    assert payload.document(same).duplicate_keys == ("a",)
    many = b"{" + b",".join(b'"k%d":1' % (number // 2) for number in range(60)) + b"}"
    assert payload.document(many).duplicate_keys[-2:] == ("k19", "…")


def test_bytes_that_are_no_text_are_shown_in_hex():
    shown = showing.shown(b"\x00\x01hello\xff")
    assert shown.is_hex
    assert shown.text == "000000  00 01 68 65 6c 6c 6f ff                          ..hello."


def test_control_characters_do_not_hide_in_text():
    assert showing.shown(b"a\x1b[2Jb").is_hex
    assert showing.shown("a\u202eb".encode()).is_hex
    assert not showing.shown("{\n\t“ü”}".encode()).is_hex


def test_a_long_body_is_cut_on_the_page():
    shown = showing.shown("ü".encode() * showing.MOST)
    assert not shown.is_hex
    assert shown.cut == showing.MOST
    assert showing.shown(b"\0" * showing.MOST).cut == showing.MOST - showing.MOST_HEX


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
def test_no_bytes_are_too_strange(body):
    payload.envelope(SCHEME, {}, body)
    payload.document(body)
    payload.view(body)
    showing.shown(body).text.encode()


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=100, deadline=None)
@given(values)
def test_what_a_service_sends_can_be_drawn(value):
    import json

    document = payload.document(json.dumps(value).encode())
    assert not document.problem
    render_to_string("components/json.html", {"document": document.value}).encode()
