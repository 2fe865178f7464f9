"""The look's tags: states, times, durations, trees, charts and the sidebar."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django import forms
from django.template import Context, Template
from django.template.loader import render_to_string
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from overview import charts, tree
from overview.templatetags import look


def drawn(text: str, **context: object) -> str:
    return Template("{% load look %}" + text).render(Context(context))


@pytest.mark.parametrize(
    ("span", "words"),
    [
        ({"seconds": 2}, "now"),
        ({"seconds": 40}, "40 s ago"),
        ({"minutes": 5}, "5 min ago"),
        ({"hours": 3}, "3 h ago"),
        ({"days": 9}, "9 d ago"),
        ({"seconds": -90}, "in 1 min"),
    ],
)
def test_a_time_is_told_in_one_unit(span, words) -> None:
    assert look.ago(timezone.now() - timedelta(**span)) == words


def test_a_time_long_ago_is_a_date() -> None:
    assert look.ago(datetime(2024, 2, 3, tzinfo=UTC)) == "03 Feb 2024"


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [
        (None, ""),
        ("", ""),
        (0, "0 ms"),
        (999.4, "999 ms"),
        (1200, "1.2 s"),
        (125_000, "2 min 5 s"),
        (7_260_000, "2 h 1 min"),
    ],
)
def test_a_duration_is_told_as_people_say_it(milliseconds, words) -> None:
    assert look.duration(milliseconds) == words


def test_a_timedelta_is_a_duration_too() -> None:
    assert look.duration(timedelta(seconds=1.5)) == "1.5 s"


@pytest.mark.parametrize(
    ("amount", "words"), [(None, ""), (Decimal("0.00123"), "$ 0.0012"), (Decimal("1234.5"), "$ 1,234.50")]
)
def test_money_is_told_to_the_digit_that_matters(amount, words) -> None:
    assert look.money(amount) == words


def test_names_of_code_become_words() -> None:
    assert look.words("bad_signature") == "Bad signature"
    assert look.dotted("person.signed_in") == "Person signed in"


def test_a_state_has_a_colour_and_moves_while_something_is_under_way() -> None:
    html = drawn('{% status "running" %}')
    assert "status-azure" in html
    assert "status-dot-animated" in html
    assert "Running" in html


def test_an_icon_with_a_label_speaks_and_one_without_is_silent() -> None:
    assert 'role="img" aria-label="Delete"' in drawn('{% icon "trash" "Delete" %}')
    assert 'aria-hidden="true"' in drawn('{% icon "trash" %}')


class Form(forms.Form):
    name = forms.CharField(help_text="Any name.")
    kind = forms.ChoiceField(choices=[("a", "A")])
    on = forms.BooleanField(required=False)


def test_a_field_has_its_label_help_and_error_tied_to_it() -> None:
    html = render_to_string("components/form.html", {"form": Form({})})
    assert 'for="id_name"' in html
    assert 'class="form-control is-invalid"' in html
    assert 'class="form-select is-invalid"' in html
    assert 'class="form-check-input"' in html
    assert 'id="id_name_helptext"' in html
    assert 'aria-describedby="id_name_helptext' in html


def test_the_query_changes_one_member_and_drops_the_cursor(rf) -> None:
    html = drawn('{% query state="failed" %}', request=rf.get("/?state=x&q=a&after=5"))
    assert html == "?q=a&amp;state=failed"


documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=100)
@given(documents)
def test_no_document_writes_markup_of_its_own(document) -> None:
    html = tree.draw(document)
    text = html.replace("&lt;", "").replace("&gt;", "")
    assert text.count("<div") == text.count("</div>")
    assert text.count("<details") == text.count("</details>")


def test_a_monster_document_is_cut_and_says_so() -> None:
    deep: object = "bottom"
    for _ in range(500):
        deep = [deep]
    assert "deeper, see Raw" in tree.draw(deep)
    assert "… 800 more, see Raw" in tree.draw(list(range(1000)))
    assert "(5,000 characters)" in tree.draw("x" * 5000)


def test_a_path_leads_to_each_value() -> None:
    assert 'data-path="$.a[0].b"' in tree.draw({"a": [{"b": 1}]})


START = datetime(2026, 1, 1, tzinfo=UTC)
SERIES = (charts.Series("good", "chart-good", ("good",)), charts.Series("bad", "chart-bad", ("bad", "worse")))


def chart(*counts: dict[str, int]) -> charts.Chart:
    starts = [START + timedelta(hours=hour) for hour in range(len(counts))]
    slots = charts.hours(starts, lambda since, until: f"/runs/?since={since}&until={until}")
    return charts.draw("Runs", slots, charts.counted(counts, SERIES), SERIES, charts.COUNT)


def test_a_chart_sums_its_series_and_says_each_hour() -> None:
    drawing = chart({"good": 3, "bad": 1, "worse": 1}, {})
    assert drawing.said == "Runs: at most 5."
    assert drawing.bars[0].text == "00:00 to 01:00 UTC: 3 good, 2 bad"
    assert drawing.bars[1].text.endswith("none")
    assert [bar.values for bar in drawing.bars] == [("3", "2"), ("0", "0")]
    assert drawing.bars[0].slot.url == "/runs/?since=2026-01-01T00:00&until=2026-01-01T01:00"


def test_an_axis_ends_on_a_round_value_with_its_unit() -> None:
    slots = charts.hours([START], lambda since, until: "")
    for value, unit, label in (
        (0.0007, charts.MONEY, "$ 0.001"),
        (1834, charts.TIME, "2.0 s"),
        (3, charts.COUNT, "5"),
        (41_000, charts.COUNT, "50 k"),
        (12.5, charts.SHARE, "20 %"),
    ):
        assert charts.draw("", slots, [[value]], SERIES[:1], unit).y_ticks[-1][1] == label


def test_series_that_are_not_stacked_stand_on_the_same_ground() -> None:
    slots = charts.hours([START], lambda since, until: "")
    drawing = charts.draw("", slots, [(900, 300)], SERIES, charts.TIME, stacked=False)
    assert all(part.y + part.height == pytest.approx(drawing.base, abs=0.2) for part in drawing.bars[0].parts)
    assert drawing.bars[0].text == "00:00 to 01:00 UTC: 900 ms good, 300 ms bad"


@settings(max_examples=100)
@given(
    st.lists(
        st.fixed_dictionaries({"good": st.integers(0, 10**7), "bad": st.integers(0, 10**7)}),
        min_size=1,
        max_size=30,
    )
)
def test_every_bar_stays_inside_and_parts_stand_on_each_other(counts) -> None:
    drawing = chart(*counts)
    for bar in drawing.bars:
        assert charts.LEFT <= bar.x <= charts.WIDTH - bar.width
        below = drawing.base
        for part in bar.parts:
            assert part.y >= charts.TOP - 0.2
            assert part.y + part.height == pytest.approx(below, abs=0.2)
            below = part.y


def test_a_chart_without_anything_has_axes_and_no_bars() -> None:
    html = render_to_string("components/chart.html", {"chart": chart({}, {})})
    assert "at most 0" in html
    assert 'class="chart-good" x' not in html
