"""Credentials are taken out of what a service echoes, in every spelling that machines use."""

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations.redaction import Redactor

SECRET = "sk-canary/+ä'\"<9f2>=="
PLAIN = SECRET.encode()
SPELLED = {
    "plain": PLAIN,
    "url": quote(SECRET, safe="").encode(),
    "url in small letters": quote(SECRET, safe="").lower().encode(),
    "plus": quote_plus(SECRET).encode(),
    "base64": base64.b64encode(PLAIN),
    "base64 after one byte": base64.b64encode(b"x" + PLAIN),
    "base64 after two bytes": base64.b64encode(b"xy" + PLAIN + b"z"),
    "base64url": base64.urlsafe_b64encode(PLAIN),
    "hex": PLAIN.hex().encode(),
    "HEX": PLAIN.hex().upper().encode(),
    "json": json.dumps(SECRET).encode(),
    "json twice": json.dumps(json.dumps(SECRET)).encode(),
    "json with escaped slashes": json.dumps(SECRET).replace("/", "\\/").encode(),
    "html": html.escape(SECRET).encode(),
    "html in decimals": html.escape(SECRET).replace("&#x27;", "&#39;").replace("&quot;", "&#34;").encode(),
}


@pytest.mark.parametrize("spelled", SPELLED.values(), ids=SPELLED)
def test_every_spelling_is_masked_and_sizes_stay(spelled):
    text = b"before " + spelled + b" after"
    masked = Redactor([SECRET]).masked(text)
    assert len(masked) == len(text)
    assert masked.count(b"*") >= len(spelled) - 8  # base64 shares a digit or two with its neighbours
    assert (masked[:7], masked[-6:]) == (b"before ", b" after")


@given(st.binary(max_size=200), st.integers(1, 30), st.sampled_from(sorted(SPELLED)))
def test_a_secret_across_pieces_is_masked_all_the_same(noise, size, name):
    data = noise + SPELLED[name] + noise
    redactor = Redactor([SECRET])
    pieces = [redactor.feed(data[at : at + size]) for at in range(0, len(data), size)]
    masked = b"".join([*pieces, redactor.flush()])
    assert len(masked) == len(data)
    assert SPELLED[name] not in masked


def test_short_secrets_and_none_change_nothing():
    assert Redactor(["abc"]).masked(b"abc abc") == b"abc abc"
    assert Redactor([]).feed(b"anything") == b"anything"


def test_trees_are_masked_with_their_keys():
    assert Redactor(["sk-canary-1"]).tree({"sk-canary-1": ["is sk-canary-1", 1, None]}) == {
        "*" * 11: ["is " + "*" * 11, 1, None]
    }
