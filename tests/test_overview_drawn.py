"""Rows and filter fields that are drawn once: they always say what they are given, in the page's language."""

from datetime import UTC, datetime, timedelta

import pytest
from django.template import Context, Template
from django.utils.translation import override

from audit.pages import Control
from webhooks.models import Mark

LINE = {
    "id": "1",
    "code": "evt_1",
    "url": "/log/evt_1/",
    "state": "received",
    "title": "a<b",
    "badges": ((Mark.HELD.value, Mark.HELD.label),),
    "detail": "",
    "object": "batch_1",
    "connection": "",
    "arrived_at": datetime(2024, 2, 3, tzinfo=UTC),
}


def drawn(**changed: object) -> str:
    text = '{% load drawn %}{% rows "webhooks/log.html#row" lines %}'
    return Template(text).render(Context({"lines": [LINE | changed, LINE]}))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "a&lt;b"),
        ({"state": "processed"}, "Processed"),
        ({"badges": ()}, "Received"),
        ({"connection": "Research"}, "Research"),
        ({"arrived_at": datetime.now(UTC) - timedelta(hours=3)}, "3 h ago"),
    ],
)
def test_a_row_says_what_its_line_says(changed, said) -> None:
    before, after = drawn(), drawn(**changed)
    assert said in after
    assert (before == after) is (not changed)
    assert before.count("<tr") == after.count("<tr") == 2


def test_rows_and_fields_speak_the_language_of_the_page() -> None:
    field = Control("mark", Mark.HELD.label, "held", [(Mark.HELD.value, Mark.HELD.label)])
    text = "{% load drawn %}{% control field %}"
    for language, word in (("en", "Held"), ("de", "Zurückgehalten"), ("en", "Held")):
        with override(language):
            assert word in drawn()
            assert f'<option value="held" selected>{word}</option>' in Template(text).render(
                Context({"field": field})
            )
