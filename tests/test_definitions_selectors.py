"""Selectors find values, and tell absent from null."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from definitions import catalog
from definitions.schema import Field
from definitions.selectors import MISSING, coerced, next_values, pick, picked, rows

ANSWER = {
    "id": "resp_1",
    "created_at": 1741476542.0,
    "error": None,
    "output": [
        {"type": "reasoning"},
        {"type": "message", "content": [{"type": "output_text", "text": "Hello"}]},
    ],
    "data": [{"embedding": [0.1, 0.2]}, {"embedding": [0.3]}],
    "7": "seven",
}


@pytest.mark.parametrize(
    ("selector", "value"),
    [
        ((), ANSWER),
        (("id",), "resp_1"),
        (("7",), "seven"),
        (("output", "1", "type"), "message"),
        (("output", "[type=message]", "content", "[type=output_text]", "text"), "Hello"),
        (("data", "*", "embedding"), [[0.1, 0.2], [0.3]]),
        (("error",), None),
        (("error", "message"), None),
        (("nothing",), MISSING),
        (("nothing", "below"), MISSING),
        (("output", "9"), MISSING),
        (("output", "-1"), MISSING),
        (("output", "[type=tool]", "id"), MISSING),
        (("id", "0"), MISSING),
        (("output", "²"), MISSING),
    ],
)
def test_a_selector_reaches(selector, value):
    assert pick(ANSWER, selector) == value


def test_absent_is_not_null():
    found = picked([Field("error", "Object", ("error",)), Field("usage", "Object", ("usage",))], ANSWER)
    assert found.resolved == {"error": None}
    assert found.missing == ("usage",)


@pytest.mark.parametrize(
    ("value", "type", "result"),
    [
        (1741476542.0, "Integer", 1741476542),
        (3.5, "Integer", 3.5),
        (3.2, "String", "3.2"),
        ([0.1], "String", [0.1]),
    ],
)
def test_scalars_come_in_the_declared_type_where_nothing_is_lost(value, type, result):
    assert coerced(value, type) == result


def test_a_list_answer_gives_one_row_an_element():
    operation = catalog.operation("chatgpt-v1", "batches.list")
    found = rows(operation, {"object": "list", "data": [{"id": "batch_1"}, {"id": "batch_2"}]})
    assert [row.resolved["id"] for row in found] == ["batch_1", "batch_2"]


def test_an_answer_that_looks_like_a_list_is_none_when_the_operation_is_not():
    assert rows(catalog.operation("chatgpt-v1", "embeddings.create"), {"object": "list", "data": []}) is None


def test_the_next_page_begins_after_the_last_id():
    operation = catalog.operation("chatgpt-v1", "batches.list")
    page = {"data": [{"id": "batch_1"}], "has_more": True, "last_id": "batch_1"}
    assert next_values(operation, page) == {"after": "batch_1"}
    assert next_values(operation, page | {"last_id": None}) == {"after": "batch_1"}
    assert next_values(operation, page | {"has_more": False}) is None
    assert next_values(catalog.operation("chatgpt-v1", "models.list"), page) is None


TREES = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(TREES, st.lists(st.text(max_size=4), max_size=4))
def test_no_document_and_no_selector_breaks_picking(document, selector):
    pick(document, tuple(selector))
