"""The verifier against both official libraries, the fixed vectors, and whatever a stranger may send."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

import openai
import pytest
import standardwebhooks
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st

from definitions.schema import Webhooks
from webhooks import signatures

SCHEME = Webhooks(scheme="standard-webhooks")
NOW = 1_795_435_000
KEY = b"k" * 32
OLD = b"o" * 32
BODY = b'{"id": "evt_1", "type": "batch.completed", "created_at": 1795435000, "data": {"id": "batch_1"}}'
COMPACT = json.dumps(json.loads(BODY), separators=(",", ":")).encode()


@dataclass(frozen=True)
class Secret:
    key: bytes
    label: str = "current"
    valid_until: datetime | None = None
    id: UUID = UUID(int=1)


def whsec(key: bytes) -> str:
    return "whsec_" + base64.b64encode(key).decode()


def headers(key=KEY, *, name="wh_1", at=NOW, body=BODY, **changes) -> dict[str, str]:
    made = {
        "webhook-id": name,
        "webhook-timestamp": str(at),
        "webhook-signature": signatures.sign(key, name, at, body),
    }
    return {key: value for key, value in (made | changes).items() if value is not None}


def raw(told: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode("latin-1", "replace")) for name, value in told.items()]


def check(told, body=BODY, secrets=(Secret(KEY),), now=NOW):
    pairs = told if isinstance(told, list) else raw(told)
    return signatures.verify(SCHEME, pairs, body, secrets, now)


TOKEN = headers()["webhook-signature"]
WRONG = "v1," + base64.b64encode(b"x" * 32).decode()
FUTURE, PAST = datetime.fromtimestamp(NOW + 60, UTC), datetime.fromtimestamp(NOW - 1, UTC)

# name: (headers, body, cause, what openai and standardwebhooks say; None where they are known to differ
# from us)
CASES = {
    "valid": (headers(), BODY, "", True),
    "two tokens, the second right": (headers(**{"webhook-signature": f"{WRONG} {TOKEN}"}), BODY, "", True),
    "v1a first": (headers(**{"webhook-signature": f"v1a,AAAA {TOKEN}"}), BODY, "", True),
    "290 s old": (headers(at=NOW - 290), BODY, "", True),
    "unicode body": (headers(body='{"type": "ü€𝄞"}'.encode()), '{"type": "ü€𝄞"}'.encode(), "", True),
    "unknown type": (headers(body=b'{"type":"x.y"}'), b'{"type":"x.y"}', "", True),
    "tampered": (headers(), BODY.replace(b"batch_1", b"batch_2"), "bad_signature", False),
    "re-serialised": (headers(), COMPACT, "bad_signature", False),
    "wrong secret": (headers(b"w" * 32), BODY, "bad_signature", False),
    "swapped id": (headers(**{"webhook-id": "wh_2"}), BODY, "bad_signature", False),
    "moved timestamp": (headers(**{"webhook-timestamp": str(NOW + 1)}), BODY, "bad_signature", False),
    "v2 only": (headers(**{"webhook-signature": TOKEN.replace("v1,", "v2,")}), BODY, "bad_signature", False),
    "not base64": (headers(**{"webhook-signature": "v1,abc"}), BODY, "bad_signature", False),
    "empty signature": (headers(**{"webhook-signature": "v1,"}), BODY, "malformed_header", False),
    "310 s old": (headers(at=NOW - 310), BODY, "too_old", False),
    "310 s ahead": (headers(at=NOW + 310), BODY, "too_new", False),
    "timestamp text": (headers(**{"webhook-timestamp": "yesterday"}), BODY, "malformed_header", False),
    "timestamp .0": (headers(**{"webhook-timestamp": f"{NOW}.0"}), BODY, "malformed_header", None),
    "token without v1,": (headers(**{"webhook-signature": TOKEN[3:]}), BODY, "malformed_header", None),
    "non-ASCII signature": (headers(**{"webhook-signature": "v1,ü"}), BODY, "malformed_header", False),
    "missing header": (headers(**{"webhook-id": None}), BODY, "missing_header", False),
    "svix headers only": (
        {name.replace("webhook", "svix"): value for name, value in headers().items()},
        BODY,
        "missing_header",
        False,
    ),
    "body not UTF-8": (headers(body=b'{"a":"\xff"}'), b'{"a":"\xff"}', "", None),
    "signed but not JSON": (headers(body=b"hello"), b"hello", "", None),
}  # fmt: skip


def library_says(judge, told, body) -> bool:
    try:
        judge(told, body)
    except Exception:
        return False
    return True


def ask_openai(told, body):
    openai.OpenAI(api_key="sk-test").webhooks.unwrap(body, told, secret=whsec(KEY))


def ask_standardwebhooks(told, body):
    standardwebhooks.Webhook(whsec(KEY)).verify(body, told)


@pytest.mark.parametrize("name", CASES)
def test_it_agrees_with_both_libraries(name):
    told, body, cause, expected = CASES[name]
    assert check(told, body).cause == cause
    if expected is not None:
        with time_machine.travel(datetime.fromtimestamp(NOW, UTC), tick=False):
            assert library_says(ask_openai, told, body) is expected
            assert library_says(ask_standardwebhooks, told, body) is expected


@pytest.mark.parametrize(
    ("secret", "name", "at", "body", "token"),
    [
        (
            "whsec_RdvaYFYUXuIFuEbvZHwMfYFhUf7aMYjYcmM24+Aj40c=",
            "wh_685c059ae39c8190af8c71ed1022a24d",
            1750861210,
            b'{"id": "evt_685c059ae3a481909bdc86819b066fb6", "object": "event", "created_at": 1750861210, '
            b'"type": "response.completed", "data": {"id": "resp_123"}}',
            "v1,gUAg4R2hWouRZqRQG4uJypNS8YK885G838+EHb4nKBY=",
        ),
        (
            "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
            "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
            1649367553,
            b'{"email":"test@example.com","username":"test_user"}',
            "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
        ),
    ],
)
def test_the_published_vectors_pass(secret, name, at, body, token):
    told = {"webhook-id": name, "webhook-timestamp": str(at), "webhook-signature": token}
    key = base64.b64decode(secret.removeprefix("whsec_"))
    assert check(told, body, [Secret(key)], now=at + 1).cause == ""
    assert signatures.sign(key, name, at, body) == token


def test_current_and_previous_secret_both_count_and_the_verdict_says_which():
    secrets = [Secret(KEY), Secret(OLD, "previous", FUTURE)]
    assert check(headers(KEY), secrets=secrets).secret.label == "current"
    assert check(headers(OLD), secrets=secrets).secret.label == "previous"


def test_a_previous_secret_ends_to_the_second():
    verdict = check(headers(OLD), secrets=[Secret(KEY), Secret(OLD, "previous", PAST)])
    assert (verdict.cause, verdict.status) == ("bad_signature", 401)


def test_without_a_secret_nothing_is_accepted():
    assert check(headers(), secrets=()).cause == "no_secret"
    assert check(headers(), secrets=[Secret(KEY, valid_until=PAST)]).cause == "bad_signature"


def test_a_scheme_that_checks_nothing_refuses_everything():
    assert signatures.verify(Webhooks(scheme="none"), [], b"", [Secret(KEY)], NOW).cause == "no_secret"
    assert signatures.verify(Webhooks(scheme="new"), [], b"", [Secret(KEY)], NOW).status == 401


@pytest.mark.parametrize("bad", ["a\nb", "a\0b", "a b", 'a"b', "a<b", "a٠b", "", "a.b", "x" * 257])
def test_an_id_of_other_characters_is_malformed(bad):
    pairs = [(b"webhook-id", bad.encode()), *raw(headers())[1:]]
    assert (check(pairs).cause, check(pairs).status) == ("malformed_header", 400)


def test_the_boundary_between_id_and_timestamp_cannot_be_shifted():
    body = b"first.second"
    token = signatures.sign(KEY, "msg_1", NOW, body)
    told = {"webhook-id": f"msg_1.{NOW}", "webhook-timestamp": "first", "webhook-signature": token}
    assert check(told, b"second").status == 400


@pytest.mark.parametrize(
    "bad",
    [
        "1_795_435_000",
        " 1795435000 ",
        "1.795435e9",
        f"{NOW}000",
        "179543500",
        "+1795435000",
        "１７９５４３５０００",
        "",
    ],
)
def test_only_ten_ascii_digits_are_a_timestamp(bad):
    pairs = raw(headers(**{"webhook-timestamp": None})) + [(b"webhook-timestamp", bad.encode())]
    assert check(pairs).cause == "malformed_header"


@pytest.mark.parametrize(
    ("age", "cause"), [(299, ""), (300, ""), (301, "too_old"), (-299, ""), (-301, "too_new")]
)
def test_the_window_is_five_minutes_both_ways(age, cause):
    verdict = check(headers(at=NOW - age))
    assert verdict.cause == cause
    assert verdict.status == (401 if cause else 200)


def test_ten_thousand_signatures_are_refused_before_one_is_compared():
    told = headers(**{"webhook-signature": " ".join([WRONG] * 9_999 + [TOKEN])})
    assert (check(told).cause, check(told).status) == ("malformed_header", 400)


def test_a_header_that_comes_twice_is_malformed():
    assert check([*raw(headers()), (b"webhook-id", b"wh_1")]).cause == "malformed_header"


def test_look_alike_headers_are_not_read():
    assert check([(b"webhook_id", b"evil"), *raw(headers())]).delivery_id == "wh_1"


GITHUB = Webhooks(
    scheme="hmac-sha256-header",
    signature_header="X-Hub-Signature-256",
    signature_prefix="sha256=",
    dedupe_header="X-GitHub-Delivery",
)


def test_the_github_vector_passes():
    told = {
        "x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
    }
    secret = Secret(b"It's a Secret to Everybody")
    verdict = signatures.verify(GITHUB, raw(told), b"Hello, World!", [secret], NOW)
    assert (verdict.cause, verdict.delivery_id) == ("", told["x-github-delivery"])
    changed = signatures.verify(GITHUB, raw(told), b"Hello, World?", [secret], NOW)
    assert changed.cause == "bad_signature"


def test_the_old_sha1_header_alone_is_not_enough():
    verdict = signatures.verify(GITHUB, [(b"x-hub-signature", b"sha1=00")], b"", [Secret(KEY)], NOW)
    assert (verdict.cause, verdict.status) == ("missing_header", 401)


def test_a_base64_header_without_an_id_is_named_by_its_body():
    scheme = Webhooks(scheme="hmac-sha256-header", signature_header="X-Sig", encoding="base64")
    token = base64.b64encode(hmac.digest(KEY, BODY, "sha256"))
    verdict = signatures.verify(scheme, [(b"x-sig", token)], BODY, [Secret(KEY)], NOW)
    assert verdict.cause == ""
    assert verdict.delivery_id == "sha256:" + hashlib.sha256(BODY).hexdigest()


NAMES = [b"webhook-id", b"webhook-timestamp", b"webhook-signature", b"x-hub-signature-256", b"other"]
VALUES = [b"wh_1", str(NOW).encode(), TOKEN.encode(), b"v1,AAAA", b"sha256=00"]
pairs = st.lists(
    st.tuples(st.sampled_from(NAMES), st.binary(max_size=80) | st.sampled_from(VALUES)), max_size=6
)


@settings(max_examples=300, deadline=None)
@given(told=pairs, body=st.binary(max_size=50))
def test_whatever_comes_there_is_a_verdict_and_never_an_acceptance(told, body):
    for scheme in (SCHEME, GITHUB):
        verdict = signatures.verify(scheme, told, body, [Secret(KEY)], NOW)
        assert verdict.cause
        assert verdict.status in {400, 401}


@settings(max_examples=100, deadline=None)
@given(body=st.binary(max_size=200), name=st.from_regex(signatures.ID.pattern.decode(), fullmatch=True))
def test_what_was_signed_is_accepted_and_one_flipped_bit_is_not(body, name):
    told = headers(name=name, body=body)
    assert check(told, body).cause == ""
    assert check(told, body + b"x").cause == "bad_signature"
    with time_machine.travel(datetime.fromtimestamp(NOW, UTC), tick=False):
        expected = standardwebhooks.Webhook(whsec(KEY)).sign(
            name, datetime.fromtimestamp(NOW, UTC), body.decode("latin-1")
        )
    assert body.isascii() is False or told["webhook-signature"] == expected


def test_the_secrets_id_travels_with_the_verdict():
    secret = Secret(KEY, id=uuid4())
    assert check(headers(), secrets=[secret]).secret.id == secret.id
