"""When a try is made again: only where it cannot do a thing twice, and when the service said."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from definitions import catalog
from operations.retry import LONGEST, SHORTEST, Setback, again, wait_of

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SERVICE = catalog.service("chatgpt-v1")
POST = catalog.operation("chatgpt-v1", "chat_completions.create")
GET = catalog.operation("chatgpt-v1", "models.list")


def waits(operation, *, tries: int = 1, service=SERVICE, **facts) -> float | None:
    found = again(service, operation, tries, Setback(**facts), NOW)
    return found.seconds if found else None


def test_what_was_not_sent_is_tried_again():
    assert waits(POST, sent=False, code="unreachable")
    assert waits(POST, sent=False, code="dns")
    assert waits(POST, sent=False, code="blocked") is None
    assert waits(POST, sent=False, code="tls") is None


def test_what_may_have_gone_out_is_tried_again_only_when_it_is_idempotent():
    assert waits(POST, sent=True, code="timeout") is None
    assert waits(GET, sent=True, code="timeout")
    assert waits(POST, sent=True, status=500) is None
    assert waits(GET, sent=True, status=500)
    keyed = replace(SERVICE, idempotency_header="Idempotency-Key")
    assert waits(POST, sent=True, status=500, service=keyed)


def test_a_429_was_not_worked_on_so_any_method_may_ask_again():
    assert waits(POST, sent=True, status=429)
    assert waits(POST, sent=True, status=429, code="insufficient_quota") is None
    assert waits(POST, sent=True, status=429, type="insufficient_quota") is None


def test_other_refusals_are_final():
    for status in (302, 400, 401, 403, 404, 422):
        assert waits(GET, sent=True, status=status) is None


def test_it_gives_up_after_the_tries_that_the_definition_allows():
    assert waits(GET, tries=2, sent=True, status=503)
    assert waits(GET, tries=3, sent=True, status=503) is None


def test_each_wait_is_longer_with_some_chance_in_it():
    first, second = (waits(GET, tries=tries, sent=True, status=503) for tries in (1, 2))
    assert 1 <= first <= 1.5
    assert 2 <= second <= 3


HEADERS = {
    "retry-after": ("7", 7),
    "retry-after-ms": ("2500", 2.5),
    "x-ratelimit-reset-requests": ("1m30s", 90),
    "x-ratelimit-reset-tokens": ("6m0s", 360),
}


@pytest.mark.parametrize(("name", "said"), HEADERS.items())
def test_it_waits_as_long_as_the_service_says(name, said):
    assert waits(POST, sent=True, status=429, headers={name: said[0]}) == said[1]


CLAMPED = [
    ("999999999", LONGEST),
    ("-1", SHORTEST),
    ("0", SHORTEST),
    ("Thu, 01 Jan 1970 00:00:00 GMT", SHORTEST),
    ("Thu, 01 Jan 2099 00:00:00 GMT", LONGEST),
]


@pytest.mark.parametrize(("text", "seconds"), CLAMPED)
def test_what_the_service_says_is_brought_between_a_second_and_an_hour(text, seconds):
    assert waits(POST, sent=True, status=429, headers={"retry-after": text}) == seconds


def test_a_header_that_says_nothing_is_left_alone():
    assert waits(POST, sent=True, status=429, headers={"retry-after": "abc"}) < 2


def test_the_first_header_counts_and_of_the_resets_the_longest():
    both = {"retry-after": "7", "retry-after-ms": "2500"}
    assert waits(POST, sent=True, status=429, headers=both) == 2.5
    resets = {"x-ratelimit-reset-requests": "20ms", "x-ratelimit-reset-tokens": "9s"}
    assert waits(POST, sent=True, status=429, headers=resets) == 9


def test_the_service_may_say_that_no_try_is_wanted():
    assert waits(GET, sent=True, status=500, headers={"x-should-retry": "false"}) is None


@given(st.sampled_from(["retry-after", "retry-after-ms", "x-reset"]), st.text(max_size=40))
def test_no_header_breaks_it(name, text):
    seconds = wait_of(name, text, NOW)
    assert seconds is None or isinstance(seconds, float)
