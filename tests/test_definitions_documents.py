"""Files are read with the line of everything in them."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from definitions import documents
from definitions.findings import BrokenDefinition

TEXT = """{
  "resources": [
    {"handle": "files",
     "fields": [
       {"name": "id"},
       {"name": "a \\" {quote}"}
     ]}
  ],
  "end": null
}"""


def test_every_value_has_its_line():
    lines = documents.parse("x.json", TEXT).lines
    assert lines[("resources", 0, "handle")] == 3
    assert lines[("resources", 0, "fields", 1, "name")] == 6
    assert lines[("end",)] == 9


def test_a_finding_names_elements_by_their_names():
    document = documents.parse("x.json", TEXT)
    finding = document.finding(("resources", 0, "fields", 0, "type"), "It lacks a type.")
    assert str(finding) == "x.json:5:resources.files.fields.id.type: It lacks a type."


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": 1,\n "b": }', "x.json:2:file: It is not JSON: expecting value in column 7"),
        ('{"a": 1, "a": 2}', "the member 'a' is given twice"),
        ('{"a": NaN}', "NaN is no JSON value"),
        ("[" * 100_000, "It is not JSON"),
    ],
)
def test_what_is_no_json_is_refused_with_its_line(text, reason):
    with pytest.raises(BrokenDefinition, match=reason):
        documents.parse("x.json", text)


def test_a_file_that_is_absent_or_no_text_is_refused(tmp_path):
    (tmp_path / "latin.json").write_bytes(b'{"a": "\xe9"}')
    with pytest.raises(BrokenDefinition, match="not UTF-8 at byte 7"):
        documents.read(tmp_path / "latin.json")
    with pytest.raises(BrokenDefinition, match="absent.json:file: It cannot be read: No such file"):
        documents.read(tmp_path / "absent.json")


TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def ways(value, way=()):
    yield way
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in steps:
        yield from ways(child, (*way, step))


@settings(max_examples=80, deadline=None)
@given(TREES, st.sampled_from([None, 1]))
def test_every_way_through_any_document_has_a_line(tree, indent):
    text = json.dumps(tree, indent=indent)
    lines = documents.lines_of(text)
    assert set(lines) == set(ways(tree))
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())
