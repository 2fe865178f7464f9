"""Templates are parsed once and filled as trees: no value can change what stands around it."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from definitions import template

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda children: st.lists(children, max_size=3),
    max_leaves=5,
)
few = settings(max_examples=60, deadline=None)


def filled(text, **values):
    return template.fill(template.parse_json(text), values)


def test_a_value_keeps_its_quotes_to_itself():
    assert filled('{"model": "{{model}}"}', model='x", "evil": "1') == {"model": 'x", "evil": "1'}


def test_a_value_is_never_read_as_a_template():
    assert filled('{"a": "{{a}}", "b": "{{b}}"}', a="{{b}}", b="B") == {"a": "{{b}}", "b": "B"}


def test_a_blank_optional_drops_its_member():
    assert filled('{"prompt": "{{prompt}}", "n": {{n}}, "size": "{{size}}"}', prompt="cat") == {
        "prompt": "cat"
    }


def test_a_blank_element_leaves_its_list():
    assert filled('{"stop": ["{{a}}", "{{b}}", "end"]}', b="B") == {"stop": ["B", "end"]}


def test_a_text_with_a_blank_in_it_goes_as_a_whole():
    assert filled('{"greeting": "Hello {{name}}!", "x": 1}') == {"x": 1}


def test_a_placeholder_in_the_middle_of_a_text_becomes_text():
    assert filled('{"a": "n is {{n}}, ok {{ok}}"}', n=3, ok=True) == {"a": "n is 3, ok true"}


def test_a_bare_placeholder_takes_a_whole_tree():
    assert filled('{"messages": {{messages}}}', messages=[{"role": "user"}]) == {
        "messages": [{"role": "user"}]
    }


def test_braces_in_a_string_beside_an_escape_are_still_a_placeholder():
    assert filled(r'{"a": "\"{{a}}\" \\{{a}}"}', a="x") == {"a": '"x" \\x'}


@pytest.mark.parametrize(
    "text", ['{"a": {{b}', '{"{{a}}": 1}', '{"a": 1, "a": 2}', '{"a": "\ue000"}', "[" * 100_000]
)
def test_what_is_no_template_is_refused_with_a_reason(text):
    with pytest.raises(template.BadTemplate, match=r"\.$"):
        template.parse_json(text)


@few
@given(st.dictionaries(st.sampled_from("abc"), VALUES))
def test_filling_gives_exactly_the_values_and_nothing_else(values):
    text = '{"a": "{{a}}", "b": {{b}}, "c": {"d": ["{{c}}"]}}'
    tree = json.loads(json.dumps(filled(text, **values)))
    assert {name: tree[name] for name in "ab" if name in tree} == {
        n: v for n, v in values.items() if n != "c"
    }
    assert tree["c"] == {"d": [values["c"]] if "c" in values else []}


@few
@given(st.text(), st.text())
def test_text_around_a_value_stays(before, value):
    parsed = template.parse_text(before.replace("{", "") + "{{x}}")
    assert template.fill_text(parsed, {"x": value}) == before.replace("{", "") + value
