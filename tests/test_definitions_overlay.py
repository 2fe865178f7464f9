"""An overlay merges objects, removes by null, and addresses list elements by name."""

import copy

from hypothesis import given, settings
from hypothesis import strategies as st

from definitions.overlay import merge

BASE = {
    "resources": [
        {
            "handle": "batches",
            "fields": [{"name": "id", "type": "String"}],
            "webhooks": [{"event": "batch.done"}],
        },
        {"handle": "files"},
    ],
    "meta": {"short": "A", "tags": ["x"]},
}


def test_an_element_is_found_by_its_name_and_only_its_members_change():
    merged = merge(BASE, {"resources": {"batches": {"fields": {"id": {"type": "Integer"}}}}})
    assert merged["resources"][0]["fields"] == [{"name": "id", "type": "Integer"}]
    assert merged["resources"][1] == {"handle": "files"}


def test_an_unknown_name_is_appended_with_its_name():
    merged = merge(BASE, {"resources": {"batches": {"webhooks": {"batch.late": {"path": "/x"}}}}})
    assert merged["resources"][0]["webhooks"][1] == {"event": "batch.late", "path": "/x"}


def test_null_removes_a_member_and_an_element():
    merged = merge(BASE, {"meta": {"tags": None}, "resources": {"files": None}})
    assert merged["meta"] == {"short": "A"}
    assert [resource["handle"] for resource in merged["resources"]] == ["batches"]


def test_a_list_replaces_a_list():
    assert merge(BASE, {"meta": {"tags": ["y"]}})["meta"]["tags"] == ["y"]


def test_placeholders_that_nobody_published_become_a_list():
    merged = merge(
        {"limit": {"value": "20"}},
        {"limit": {"value": "{{limit}}", "placeholders": {"limit": {"type": "Integer"}}}},
    )
    assert merged["limit"]["placeholders"] == [{"name": "limit", "type": "Integer"}]


def test_neither_side_is_changed():
    before = copy.deepcopy(BASE)
    merge(BASE, {"resources": {"batches": {"fields": {"id": None}}}})
    assert before == BASE


TREES = st.recursive(
    st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(max_size=3), TREES))
def test_an_empty_overlay_changes_nothing(document):
    assert merge(document, {}) == document


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.text(max_size=2), st.integers()), st.dictionaries(st.text(max_size=2), st.integers())
)
def test_flat_objects_merge_like_dictionaries(base, patch):
    assert merge(base, patch) == base | patch
