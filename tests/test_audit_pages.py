"""Keyset pages, filters and exports, on the audit trail as an example of a list."""

import csv
import io
import json
from datetime import UTC, datetime

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.test import AsyncClient
from django.test.utils import CaptureQueriesContext

from audit import exports, ids, log, pages, spreadsheet, views
from audit.models import Entry
from overview.templatetags import drawn


@pytest.fixture
def five(db) -> list[int]:
    return [log.record("run.started", note=str(number)).pk for number in range(5)][::-1]


def page(rf, query: str = "") -> pages.Page:
    return pages.keyset(Entry.objects.all(), rf.get(f"/{query}"), size=2)


def shown(page: pages.Page) -> list[int]:
    return [row.pk for row in page.rows]


def test_older_pages_follow_until_the_end(rf, five) -> None:
    first = page(rf, "?q=x")
    second = page(rf, first.next_url)
    third = page(rf, second.next_url)
    assert [shown(first), shown(second), shown(third)] == [five[:2], five[2:4], five[4:]]
    assert (first.previous_url, third.next_url) == ("", "")
    assert "q=x" in second.next_url


def test_newer_pages_lead_back_to_a_full_first_page(rf, five) -> None:
    assert shown(page(rf, f"?before={five[4]}")) == five[2:4]
    back = page(rf, f"?before={five[1]}")  # only one row is newer
    assert shown(back) == five[:2]
    assert back.previous_url == ""


@pytest.mark.parametrize("cursor", ["x", "-1", "1e9", "9" * 30, str(2**63), "%00", "١"])
def test_a_senseless_cursor_is_the_start(rf, five, cursor) -> None:
    assert shown(page(rf, f"?after={cursor}")) == five[:2]


def test_a_row_that_arrives_does_not_shift_the_page(rf, five) -> None:
    second = page(rf).next_url
    log.record("run.started")
    assert shown(page(rf, second)) == five[2:4]


def test_an_empty_list_has_no_neighbours(rf, db) -> None:
    assert page(rf) == pages.Page([], None, None)


FILTERS = (pages.exact("action", "Action", [("run.started", "Started")]), pages.since(), pages.until())


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 5),
        ("action=run.started", 5),
        ("action=run.started&other=1", 5),
        ("action=nonsense", 0),
        ("since=2001-01-01", 5),
        ("since=2199-01-01", 0),
        ("until=2001-01-01", 0),
        ("since=yesterday", 0),
        ("until=9999-12-31", 0),
    ],
)
def test_filters_ask_the_list(rf, five, query, count) -> None:
    filters = pages.filtered(Entry.objects.all(), rf.get(f"/?{query}"), FILTERS)
    assert filters.queryset.count() == count


# What would reach the database if a request could name its lookups (CVE-2025-64459 and its like).
MADE_UP = (
    "_connector=OR%201=1%20OR",
    "_negated=1",
    "person__password__startswith=x",
    "connection__secrets__sealed__gt=1",
    "order_by=person__password",
    "ordering=-created_by__password",
    "pk__in=1",
    "id=1",
)


@pytest.mark.parametrize("page", ["/audit/", "/runs/", "/log/", "/connections/", "/people/"])
def test_what_a_list_does_not_offer_changes_nothing(admin_client, five, page):
    with CaptureQueriesContext(connection) as plain:
        admin_client.get(page)
    for query in MADE_UP:
        with CaptureQueriesContext(connection) as asked:
            assert admin_client.get(f"{page}?{query}").status_code == 200
        assert not [one for one in asked.captured_queries if "password" in _condition(one["sql"])]
        assert len(asked) <= len(plain)


def _condition(sql: str) -> str:
    return sql.partition(" WHERE ")[2]


def test_a_wrong_day_says_how_a_day_is_written(rf, db) -> None:
    filters = pages.filtered(Entry.objects.all(), rf.get("/?since=x"), FILTERS)
    assert filters.controls[1].error == "A day is written like 2026-11-24."


def test_a_choice_among_none_is_a_choice(rf, db) -> None:
    """A new house has no connection: its filter offers “Any”, and takes no text."""
    whose = pages.exact("who", "Who", list, "actor")
    assert "<select" in drawn.control(pages.filtered(Entry.objects.all(), rf.get("/"), [whose]).controls[0])
    asked = pages.filtered(Entry.objects.all(), rf.get("/?who=x"), [whose]).controls[0]
    assert asked.error == "There is no such choice."


def test_a_count_stops_at_its_limit(five) -> None:
    assert [pages.capped_count(Entry.objects.all(), limit) for limit in (4, 5)] == ["4+", "5"]


def test_the_page_shows_filters_and_pages(admin_client, five) -> None:
    answer = admin_client.get("/audit/?q=started")
    assert answer.status_code == 200
    assert answer.content.count(b"Run started") == 5


def test_a_line_has_a_page_of_its_own(admin_client, five) -> None:
    answer = admin_client.get(f"/audit/{ids.encode('aud', five[0])}/")
    assert Entry.objects.get(pk=five[0]).digest in answer.content.decode()


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "|x", "＝1", "＋1", "－1", "＠1"]
)
def test_a_cell_never_starts_a_formula(text) -> None:
    [[cell]] = list(csv.reader(io.StringIO(spreadsheet.line([text]), newline="")))
    assert cell == f"'{text}"


def test_numbers_stay_numbers() -> None:
    assert spreadsheet.line([-5, 1.5, None, "a"]) == '"-5","1.5","","a"\r\n'


def test_a_cell_that_holds_more_than_one_value_is_no_python() -> None:
    cells = [["late", "held"], [], {"id": "resp_1", "ok": True}, [{"index": 0}], True]
    [read] = list(csv.reader(io.StringIO(spreadsheet.line(cells), newline="")))
    assert read == ["late, held", "", '{"id":"resp_1","ok":true}', '[{"index":0}]', "true"]


def test_each_kind_of_target_can_be_chosen_once_and_is_read_off_the_index(admin_client, five) -> None:
    Entry.objects.bulk_create(
        Entry(id=ids.new_id(), action="x", target_type=("run", "connection", "")[number % 3])
        for number in range(3_000)
    )
    page = admin_client.get("/audit/").context["filters"]
    [what] = [control for control in page.controls if control.name == "target_type"]
    kinds = Entry.objects.exclude(target_type="").values_list("target_type", flat=True)
    assert [kind for kind, _ in what.choices] == sorted(set(kinds))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE audit_entry")
        cursor.execute(f"EXPLAIN {views.KINDS}")
        assert "Seq Scan" not in str(cursor.fetchall())


def test_exports_hold_every_row_and_are_on_the_trail(admin_client, five, monkeypatch) -> None:
    monkeypatch.setattr(exports, "BATCH", 2)
    answer = admin_client.get("/audit/export.jsonl?q=started")
    rows = [json.loads(line) for line in b"".join(answer.streaming_content).decode().splitlines()]
    assert [row["note"] for row in rows] == ["4", "3", "2", "1", "0"]
    assert Entry.objects.first().action == "audit.exported"


@pytest.mark.django_db(transaction=True)
def test_under_asgi_an_export_is_sent_while_it_is_read(admin) -> None:
    async def read() -> list[bytes]:
        client = AsyncClient()
        await client.aforce_login(admin)
        answer = await client.get("/audit/export.csv")
        assert answer.is_async
        return [chunk async for chunk in answer.streaming_content]

    assert async_to_sync(read)()[0].startswith(b'"id","at","action"')


def test_a_filter_takes_a_minute_so_that_a_chart_leads_to_its_hour(rf, db) -> None:
    for minute in (59, 0, 30):
        at = datetime(2026, 1, 1, 14 if minute == 59 else 15, minute, tzinfo=UTC)
        Entry.objects.create(id=ids.new_id(at.timestamp()), action="run.started")
    query = "/?since=2026-01-01T15:00&until=2026-01-01T15:30"
    filters = pages.filtered(Entry.objects.all(), rf.get(query), FILTERS)
    assert [row.at.minute for row in filters.queryset] == [0]
    assert [control.kind for control in filters.controls[1:]] == ["datetime-local"] * 2
