"""The signature doctor: change one thing, and it names that thing."""

import base64
import hmac
import json
from datetime import UTC, datetime

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from webhooks import signatures
from webhooks.doctor import Delivery, Known, examine

AT = datetime.fromtimestamp(1_795_435_000, UTC)
NOW = 1_795_435_000
KEY, OLD, OTHER = b"k" * 32, b"o" * 32, b"x" * 32
KNOWN = (
    Known(KEY),
    Known(OLD, "It is signed with the previous secret."),
    Known(OTHER, "It is signed with Two's."),
)
BODY = (
    '{"id": "evt_1", "type": "batch.completed", "data": {"id": "batch_1", "url": "a/b", "n": "ü"}}'.encode()
)


def told(token: str, **changes: str) -> dict[str, str]:
    return {"webhook-id": "wh_1", "webhook-timestamp": str(NOW), "webhook-signature": token} | changes


def at(moment: int) -> dict[str, str]:
    return told(signatures.sign(KEY, "wh_1", moment, BODY), **{"webhook-timestamp": str(moment)})


def codes(headers, body=BODY) -> list[str]:
    return [finding.code for finding in examine(Delivery(headers, body, AT), KNOWN)]


def digest(text: bytes = b"wh_1.1795435000." + BODY, key: bytes = KEY, name: str = "sha256") -> bytes:
    return hmac.digest(key, text, name)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


WHSEC = b"whsec_" + base64.b64encode(KEY)
RIGHT = signatures.sign(KEY, "wh_1", NOW, BODY)
COMPACT = json.dumps(json.loads(BODY), separators=(",", ":"), ensure_ascii=False).encode()
CASES = {
    "nothing": (told(RIGHT), BODY, ["fits"]),
    "previous secret": (told(signatures.sign(OLD, "wh_1", NOW, BODY)), BODY, ["secret"]),
    "another connection's secret": (told(signatures.sign(OTHER, "wh_1", NOW, BODY)), BODY, ["secret"]),
    "the secret's whole text as key": (told("v1," + b64(digest(key=WHSEC))), BODY, ["key_form"]),
    "the secret's base64 as key": (told("v1," + b64(digest(key=base64.b64encode(KEY)))), BODY, ["key_form"]),
    "hex": (told("v1," + digest().hex()), BODY, ["encoding"]),
    "unpadded": (told(RIGHT.rstrip("=")), BODY, ["encoding"]),
    "no version": (told(RIGHT[3:]), BODY, ["version"]),
    "another version": (told(RIGHT.replace("v1", "v2")), BODY, ["version"]),
    "sha1": (told("v1," + b64(digest(name="sha1"))), BODY, ["hash"]),
    "only the body": (told("v1," + b64(digest(BODY))), BODY, ["layout"]),
    "no id": (told("v1," + b64(digest(b"1795435000." + BODY))), BODY, ["layout"]),
    "re-serialised": (told(RIGHT), COMPACT, ["body"]),
    "a line feed added": (told(RIGHT), BODY + b"\n", ["body"]),
    "a byte order mark added": (told(RIGHT), b"\xef\xbb\xbf" + BODY, ["body"]),
    "slashes escaped": (told(RIGHT), BODY.replace(b"/", b"\\/"), ["body"]),
    "re-encoded": (told(RIGHT), BODY.decode().encode("latin-1"), ["body"]),
    "400 s old": (at(NOW - 400), BODY, ["clock"]),
    "400 s ahead": (at(NOW + 400), BODY, ["clock"]),
    "timestamp moved": (told(RIGHT, **{"webhook-timestamp": str(NOW + 7)}), BODY, ["moved_timestamp"]),
    "milliseconds": (
        told("v1," + b64(digest(b"wh_1.1795435000000." + BODY)), **{"webhook-timestamp": "1795435000000"}),
        BODY,
        ["milliseconds"],
    ),
    "svix headers": (
        {name.replace("webhook", "svix"): value for name, value in told(RIGHT).items()},
        BODY,
        ["family"],
    ),
    "underscores": ({name.replace("-", "_"): value for name, value in told(RIGHT).items()}, BODY, ["family"]),
    "GitHub": (
        {"x-hub-signature-256": "sha256=" + digest(BODY).hex()},
        BODY,
        ["family", "layout", "encoding"],
    ),
    "Stripe": (
        {"stripe-signature": f"t={NOW},v1=" + digest(b"1795435000." + BODY).hex()},
        BODY,
        ["family", "layout", "encoding"],
    ),
    "changed body": (told(RIGHT), BODY.replace(b"batch_1", b"batch_2"), ["unknown"]),
    "foreign secret": (told(signatures.sign(b"?" * 32, "wh_1", NOW, BODY)), BODY, ["unknown"]),
    "no signature": ({"webhook-id": "wh_1"}, BODY, ["no_signature"]),
    "nothing at all": ({"content-type": "text/plain"}, BODY, ["unsigned"]),
    "empty signature": (told(""), BODY, ["empty"]),
    "previous secret and hex": (told("v1," + digest(key=OLD).hex()), BODY, ["secret", "encoding"]),
}


@pytest.mark.parametrize("name", CASES)
def test_it_names_what_was_changed(name):
    headers, body, expected = CASES[name]
    assert codes(headers, body) == expected


def test_no_sentence_holds_a_secret():
    for headers, body, _ in CASES.values():
        for finding in examine(Delivery(headers, body, AT), KNOWN):
            assert not any(
                b64(key) in finding.sentence or key.decode() in finding.sentence for key in (KEY, OLD, OTHER)
            )


def test_every_sentence_is_told_in_the_language_of_the_page():
    findings = [
        one for headers, body, _ in CASES.values() for one in examine(Delivery(headers, body, AT), KNOWN)
    ]
    ours = [one for one in findings if one.code != "secret"]  # whose secret it is, is told by who knows it
    english = [one.sentence for one in ours]
    with translation.override("de"):
        german = [one.sentence for one in ours]
    assert not set(english) & set(german)
    assert "Die Signatur ist in Hex geschrieben, nicht in Base64." in german


def test_braces_in_the_name_of_a_connection_are_no_placeholders():
    meaning = "It is signed with the secret of “{x}”, not with this endpoint's."
    found = examine(Delivery(told(RIGHT), BODY, AT), [Known(KEY, meaning)])
    assert [one.sentence for one in found] == [meaning]


documents = st.dictionaries(
    st.text(max_size=5), st.integers() | st.text(max_size=8) | st.none(), min_size=1, max_size=4
)
MUTATIONS = {
    "body": lambda body: (
        told(signatures.sign(KEY, "wh_1", NOW, body)),
        json.dumps(json.loads(body), indent=3).encode(),
    ),
    "secret": lambda body: (told(signatures.sign(OLD, "wh_1", NOW, body)), body),
    "encoding": lambda body: (told("v1," + digest(b"wh_1.1795435000." + body).hex()), body),
    "layout": lambda body: (told("v1," + b64(digest(body))), body),
    "hash": lambda body: (told("v1," + b64(digest(b"wh_1.1795435000." + body, name="sha512"))), body),
}


@settings(max_examples=80, deadline=None)
@given(documents, st.sampled_from(sorted(MUTATIONS)))
def test_one_mutation_has_one_name(document, name):
    body = json.dumps(document, ensure_ascii=False).encode()
    headers, arrived = MUTATIONS[name](body)
    assert codes(headers, arrived) == [name]


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["webhook-id", "webhook-signature", "stripe-signature", "x-signature"]),
        st.text(max_size=30),
    ),
    st.binary(max_size=60),
)
def test_whatever_came_there_is_an_answer(headers, body):
    assert examine(Delivery(headers, body, AT), KNOWN)
