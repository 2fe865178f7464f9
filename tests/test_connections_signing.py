"""Signing secrets: what a service may have given out, and what it cannot."""

import base64
import os

import pytest
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st
from standardwebhooks import Webhook

from connections import signing
from definitions.schema import Webhooks

STANDARD = Webhooks(scheme="standard-webhooks", secret_prefix="whsec_")
PLAIN = Webhooks(scheme="hmac-sha256-header")


def written(raw: bytes) -> str:
    return "whsec_" + base64.b64encode(raw).decode()


@budget(max_examples=40)
@given(st.binary(min_size=24, max_size=64))
def test_24_to_64_bytes_are_taken(raw):
    assert signing.key(STANDARD, written(raw)) == raw


@pytest.mark.parametrize("size", [0, 1, 23, 65, 200])
def test_other_sizes_are_refused_with_the_size(size):
    with pytest.raises(signing.BadSecret, match=f"has {size} bytes"):
        signing.key(STANDARD, written(os.urandom(size)))


@pytest.mark.parametrize(
    ("secret", "complaint"),
    [
        ("sk-proj-abc", "begins with “whsec_”"),
        (base64.b64encode(bytes(32)).decode(), "begins with “whsec_”"),
        ("WHSEC_" + "A" * 44, "begins with “whsec_”"),
        ("whsec_!!!!", "not base64"),
        ("whsec_" + "A" * 43, "not base64"),
        ("whsec_ключ", "not base64"),
        ("whsec_" + "-_" * 22, "not base64"),
    ],
)
def test_what_is_no_signing_secret_is_refused_with_a_sentence(secret, complaint):
    with pytest.raises(signing.BadSecret, match=complaint) as refused:
        signing.key(STANDARD, secret)
    assert secret not in str(refused.value)


def test_a_made_up_secret_is_taken_by_the_standard_library():
    secret = signing.generate()
    assert Webhook(secret)._whsecret == signing.key(STANDARD, secret)


def test_other_schemes_take_the_text_as_it_is():
    assert signing.key(PLAIN, "a plain secret") == b"a plain secret"


@pytest.mark.parametrize("secret", ["short", "ключ ключ", "x" * 501])
def test_other_schemes_refuse_what_cannot_be_one(secret):
    with pytest.raises(signing.BadSecret, match="8 to 500"):
        signing.key(PLAIN, secret)
