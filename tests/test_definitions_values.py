"""Values come in the declared type, or with a sentence that says what is wrong."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from definitions.schema import Placeholder
from definitions.values import BadValue, cast, is_blank


@pytest.mark.parametrize(
    ("type", "given_value", "result"),
    [
        ("Integer", "2", 2),
        ("Integer", " -7 ", -7),
        ("Integer", 2.0, 2),
        ("Number", "0.5", 0.5),
        ("Number", "3", 3),
        ("Boolean", "true", True),
        ("Boolean", "No", False),
        ("Boolean", False, False),
        ("String", 5, "5"),
        ("String", " kept as typed ", " kept as typed "),
        ("Object", '{"a": 1}', {"a": 1}),
    ],
)
def test_a_value_is_cast(type, given_value, result):
    assert cast(Placeholder("x", type), given_value) == result


@pytest.mark.parametrize(
    ("placeholder", "value", "sentence"),
    [
        (Placeholder("x", "Integer"), "two", "whole number"),
        (Placeholder("x", "Integer"), True, "whole number"),
        (Placeholder("x", "Integer"), "1" * 5000, "whole number"),
        (Placeholder("x", "Integer", maximum=10), "11", "largest value is 10"),
        (Placeholder("x", "Integer", minimum=1), "0", "smallest value is 1"),
        (Placeholder("x", "Number"), "nan", "must be a number"),
        (Placeholder("x", "Number"), "1e999", "must be a number"),
        (Placeholder("x", "Boolean"), "maybe", "yes or no"),
        (Placeholder("x", options=("a", "b")), "c", "one of: a, b"),
        (Placeholder("x"), "\ud800", "half of a character"),
        (Placeholder("x"), ["a"], "must be text"),
        (Placeholder("x", json="required", shape="array"), '{"a": 1}', "a list in"),
        (Placeholder("x", json="required"), "[1,\n  2,,]", "line 2, column 5"),
        (Placeholder("x", json="required"), '{"a": 1, "a": 2}', "stands there twice"),
        (Placeholder("x", json="required"), "[NaN]", "no NaN"),
        (Placeholder("x", json="required"), f"[{'9' * 5_000}]", "more digits"),
        (Placeholder("x", json="required"), "[" * 200 + "]" * 200, "64 levels"),
        (Placeholder("x", json="required"), '["\\ud800"]', "half of a character"),
        (Placeholder("x", "Object"), "5", "must be JSON"),
        (Placeholder("x", "File"), "/etc/passwd", "must be a file"),
    ],
)
def test_what_does_not_fit_gets_a_sentence(placeholder, value, sentence):
    with pytest.raises(BadValue, match=sentence):
        cast(placeholder, value)


def test_text_that_may_be_json_stays_text_however_it_begins():
    placeholder = Placeholder("x", json="allowed")
    assert cast(placeholder, '["not parsed"]') == '["not parsed"]'
    assert cast(placeholder, ["a list"]) == ["a list"]


def test_several_values_are_cast_one_by_one_and_blanks_go():
    assert cast(Placeholder("x", "Integer", multiple=True), ["1", "", "2"]) == [1, 2]


@pytest.mark.parametrize(
    ("value", "blank"), [("", True), (None, True), ([], True), (0, False), (False, False), (" ", False)]
)
def test_blank_is_what_says_nothing(value, blank):
    assert is_blank(value) is blank


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(["String", "Integer", "Number", "Boolean", "Object"]), st.text(max_size=20))
def test_any_text_is_cast_or_refused_and_never_breaks(type, text):
    with contextlib.suppress(BadValue):
        assert cast(Placeholder("x", type), text) is not None
