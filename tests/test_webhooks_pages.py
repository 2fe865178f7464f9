"""The pages of the log: what they show, to whom, and what people can do there."""

import json
import re
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit import along, ids
from connections import connecting
from tests.accounts import connected, new_signing_secret
from tests.doors import Sender, body
from tests.test_webhooks_late import refused
from tests.test_webhooks_payload import MONSTERS
from tests.test_webhooks_processing import arrived, processed
from webhooks import coverage, feed, processing, search, timeline
from webhooks.models import Cause, Event, Policy, Rejection, Remark, SavedView, Silence

pytestmark = pytest.mark.django_db


def rejected(connection=None, cause=Cause.TOO_OLD, **facts) -> Rejection:
    return Rejection.objects.create(
        connection=connection, cause=cause, status=401, last_at=datetime.now(UTC), **facts
    )


def shown(client, query: str = "") -> list[str]:
    """Return the ids of the rows that the log shows, newest first."""
    return [row.code for row in client.get(f"/log/{query}").context["page"].rows]


def test_events_and_refusals_share_one_time_line(viewer_client):
    research = connected()
    first, second, third = arrived(research), rejected(research), arrived(research)
    assert shown(viewer_client) == [third.code, second.code, first.code]
    assert shown(viewer_client, "?kind=events") == [third.code, first.code]
    assert shown(viewer_client, "?kind=refused") == [second.code]


def test_pages_follow_the_time_line_of_both(viewer_client):
    research = connected()
    rows = [arrived(research) if number % 2 else rejected(research) for number in range(120)]
    newest_first = [row.code for row in reversed(rows)]
    first = viewer_client.get("/log/").context["page"]
    second = viewer_client.get(f"/log/{first.next_url}").context["page"]
    third = viewer_client.get(f"/log/{second.next_url}").context["page"]
    assert [row.code for page in (first, second, third) for row in page.rows] == newest_first
    assert shown(viewer_client, second.previous_url) == newest_first[:50]


@pytest.mark.parametrize("size", [1, 3, 7])
def test_what_is_nearest_is_found_across_weeks_and_tables_in_both_directions(size):
    research, now = connected(), datetime.now(UTC).timestamp()
    ages = [(days, make) for days in (0, 1, 6.9, 7.1, 8, 20, 21, 40) for make in (arrived, rejected)]
    rows = [make(research, id=ids.new_id(now - days * 86_400)) for days, make in [*ages, (7.1, arrived)]]
    newest_first = sorted((row.pk for row in rows), reverse=True)
    parts = [Event.objects.all(), Rejection.objects.all()]
    assert [row.pk for row in along.nearest(parts, size)] == newest_first[:size]
    for place, key in enumerate(newest_first):
        older = [row.pk for row in along.nearest(parts, size, key)]
        newer = [row.pk for row in along.nearest(parts, size, key, upwards=True)]
        assert older == newest_first[place + 1 :][:size]
        assert newer == newest_first[:place][::-1][:size]


def test_a_page_leads_to_the_neighbours_at_its_own_connection(viewer_client):
    research, other, now = connected("Research"), connected("Other"), datetime.now(UTC).timestamp()
    whose = [(40, research), (21, other), (20, research), (1, other), (0, research)]
    rows = [arrived(one, id=ids.new_id(now - days * 86_400)) for days, one in whose]
    of_research = [None, *(row for row in rows if row.connection_id == research.pk), None]
    for older, row, newer in zip(of_research, of_research[1:], of_research[2:], strict=False):
        context = viewer_client.get(row.get_absolute_url()).context
        assert (context["older"], context["newer"]) == (older, newer)


def test_what_waits_is_few_and_all_weeks_are_asked_for_it_at_once(viewer_client):
    research, now = connected(), datetime.now(UTC).timestamp()
    ages = [(40, ["held"]), (20, []), (1, []), (0, ["held"])]
    rows = [arrived(research, marks=marks, id=ids.new_id(now - days * 86_400)) for days, marks in ages]
    with CaptureQueriesContext(connection) as asked:
        assert shown(viewer_client, "?state=received") == [row.code for row in reversed(rows)]
    assert len([one for one in asked if 'FROM "webhooks_event"' in one["sql"]]) == 2  # those held, the others


def test_every_filter_narrows(viewer_client):
    research, other = connected("Research"), connected("Other")
    event = arrived(
        research, state="failed", marks=["late", "test"], object_id="batch_9", type="batch.failed"
    )
    held = arrived(research, marks=["held"], object_id="batch_8")
    refused_one = rejected(other, cause=Cause.TOO_NEW, test=True)
    expected = {
        f"?connection={research.pk}": [held.code, event.code],
        "?type=batch.failed": [event.code],
        "?state=failed": [event.code],
        "?state=received": [held.code],
        "?mark=late": [event.code],
        "?mark=test": [refused_one.code, event.code],
        "?mark=held": [held.code],
        "?cause=too_new": [refused_one.code],
        "?object=batch_9": [event.code],
        "?tests=hide": [held.code],
        "?since=2200-01-01": [],
        "?until=1971-01-01": [],
        "?state=nonsense": [],
        "?path=nonsense": [],
    }
    assert {query: shown(viewer_client, query) for query in expected} == expected


def test_words_ids_and_paths_find_events(viewer_client):
    research = connected()
    event = arrived(
        research,
        json.dumps({"type": "x", "data": {"id": "a b", "n": 5, "k.k": [{"deep": "Ünicode words"}]}}).encode(),
    )
    other = arrived(research, object_id="batch_77", delivery_id="wh_77")
    processing.process()
    found = {
        "?q=Ünicode words": [event.code],
        "?q=ünicode": [event.code],
        "?q=words Ünicode": [],
        "?q=batch_77": [other.code],
        "?q=nowhere": [],
        "?path=data.n=5": [event.code],
        "?path=$.data.n = 5": [event.code],
        '?path=data."k.k"[0].deep=Ünicode words': [event.code],
        "?path=data.n=6": [],
        "?path=data.id=a b": [event.code],
    }
    assert {query: shown(viewer_client, query) for query in found} == found


@pytest.mark.parametrize("key", ["a'b", 'a"b', "$.a", "a.b", "a[0]"])
def test_a_key_in_quotes_is_just_a_key(key):
    assert search.parsed(f"{json.dumps(key)}=1") == ([key], [1, "1"])


@pytest.mark.parametrize("number", ["1e999", "-1e999", "[1e999]", "NaN", "1e99999999"])
def test_a_number_that_no_view_holds_is_looked_for_as_text(number, client, viewer):
    client.force_login(viewer)
    assert client.get("/log/", {"path": f"data.x={number}"}).status_code == 200


def test_monsters_break_no_page_no_search_and_no_export(viewer_client, operator_client):
    research = connected()
    for number, (said, mark, _, _) in enumerate(MONSTERS.values()):
        arrived(research, said, type="", object_id=f"m_{number}", marks=[mark] if mark else [])
    processing.process()
    assert Event.objects.filter(state="processed").count() == len(MONSTERS)
    assert len(shown(viewer_client)) == len(MONSTERS)
    for event in Event.objects.all():
        for tab in ("fields", "payload", "raw", "headers", "verification"):
            assert viewer_client.get(f"{event.get_absolute_url()}?tab={tab}").status_code == 200
        raw = viewer_client.get(f"{event.get_absolute_url()}raw/")
        assert raw.content == event.raw
        assert raw["X-Content-Type-Options"] == "nosniff"
        assert "attachment" in raw["Content-Disposition"]
    for ending in ("csv", "jsonl"):
        answer = operator_client.get(f"/log/export/?format={ending}")
        lines = b"".join(answer.streaming_content).decode().splitlines()
        assert len(lines) >= len(MONSTERS)
    assert shown(viewer_client, "?q=x") is not None


def test_markup_in_a_payload_is_only_text(viewer_client):
    nasty = "<script>alert(1)</script>"
    event = arrived(
        connected(), type=nasty, object_id=nasty, delivery_id=nasty, headers=json.dumps([[nasty, nasty]])
    )
    rejected(detail=nasty, path=nasty)
    for address in (
        "/log/",
        *(f"{event.get_absolute_url()}?tab={tab}" for tab in ("fields", "payload", "raw", "headers")),
    ):
        assert nasty.encode() not in viewer_client.get(address).content
    assert nasty not in feed.render([f"evt {event.pk} {event.pk}"])[0].html


def test_the_detail_page_says_what_was_found_and_what_is_missing(viewer_client):
    event = processed(arrived(connected()))
    page = viewer_client.get(event.get_absolute_url()).content.decode()
    assert "the object inside the envelope" in page
    assert "output_file_id" in page
    assert page.count(">missing<") == 5


def test_a_refusal_says_what_is_wrong_and_a_tried_secret_is_not_kept(operator_client):
    sender = Sender.of()
    sender.secret = new_signing_secret()
    rejection = refused(sender, body())
    assert b"Nothing that is known fits" in operator_client.get(rejection.get_absolute_url()).content
    tried = operator_client.post(f"{rejection.get_absolute_url()}try/", {"secret": sender.secret})
    assert b"signed with the secret that you tried" in tried.content
    assert sender.secret.encode() not in tried.content
    assert (
        b"begins with"
        in operator_client.post(f"{rejection.get_absolute_url()}try/", {"secret": "nonsense"}).content
    )
    connecting.set_signing_secret(sender.connection, sender.secret)
    answer = operator_client.post(f"{rejection.get_absolute_url()}verify/", follow=True)
    assert b"has become this event" in answer.content
    assert b"Late verified" in operator_client.get("/log/").content


def test_another_connections_secret_is_named_without_its_value(viewer_client):
    one, two = Sender.of("One"), Sender.of("Two")
    one.secret = two.secret
    page = viewer_client.get(refused(one, body()).get_absolute_url()).content.decode()
    assert "signed with the secret of “Two”" in page
    assert two.secret not in page


def test_what_a_person_may_not_see_is_not_there(viewer_client, admin_client):
    secret = connected("Secret")
    type(secret).objects.update(limited=True)
    event, rejection = arrived(secret), rejected(secret)
    nobodys = rejected()
    assert shown(viewer_client) == [nobodys.code]
    assert len(shown(admin_client)) == 3
    for row in (event, rejection):
        assert viewer_client.get(row.get_absolute_url()).status_code == 404
        assert viewer_client.get(f"{row.get_absolute_url()}raw/").status_code == 404
    assert viewer_client.get(f"/endpoints/{secret.pk}/").status_code == 404


def test_people_can_note_compare_save_and_replay(operator_client):
    research = connected()
    before, event = arrived(research), arrived(research, object_id="batch_2")
    operator_client.post(f"{event.get_absolute_url()}note/", {"text": "Odd\0 one"})
    assert Remark.objects.get(row_id=event.pk).text == "Odd one"
    compared = operator_client.get(f"{event.get_absolute_url()}compare/?with={before.code}").content.decode()
    assert "$.data.id" in compared
    assert "changed" in compared
    operator_client.post("/log/views/", {"name": "Late ones", "query": "mark=late&after=5"})
    assert SavedView.objects.get().query == "mark=late"
    processing.process()
    operator_client.post("/log/replay/?object=batch_2")
    assert list(Event.objects.filter(state="received")) == [event]


def test_the_endpoints_page_covers_what_was_declared_and_seen(viewer_client, operator_client, admin_client):
    research = connected()
    processed(arrived(research))
    processed(arrived(research, type="video.completed", object_id="vid_1"))
    lines = {line.type: line for line in coverage.lines(research)}
    assert (lines["batch.completed"].count, lines["batch.completed"].comes[1]) == ("1", "Delivered")
    assert round(lines["batch.completed"].resolved) == 17
    seen = lines["video.completed"]
    assert (seen.comes[1], seen.unknown_fields) == ("Unknown type", ("id",))
    assert "video.completed" in lines["video.completed"].shown_overlay
    assert lines["batch.failed"].last is None
    address = f"/endpoints/{research.pk}/"
    for tab in ("coverage", "missing", "silence", "keeping", "tests"):
        assert viewer_client.get(f"{address}?tab={tab}").status_code == 200
    operator_client.post(f"{address}silence/", {"type": "batch.completed", "hours": "6"})
    assert Silence.objects.get().hours == 6
    slip = {"type": "batch.complete", "hours": "6"}
    assert b"is it written right?" in operator_client.post(f"{address}silence/", slip, follow=True).content
    tried = admin_client.post(f"{address}policy/", {"keep_count": "1", "preview": "1"}).content.decode()
    assert "Nothing is saved yet." in tried
    assert not Policy.objects.filter(keep_count=1).exists()
    admin_client.post(f"{address}policy/", {"keep_days": "30", "not_hydrated": ["batch.failed"]})
    page = admin_client.get(f"{address}?tab=keeping").content.decode()
    assert 'value="30"' in page
    assert "Kept like this, nothing would go now." in page


def without_times(html: str) -> str:
    return re.sub(r">[^<]*</time>", "></time>", html)


def test_rows_of_the_live_line_are_the_rows_of_the_page(viewer_client, viewer):
    event, rejection = arrived(connected()), rejected()
    frames = feed.render([f"evt {event.pk} {event.pk}", f"rej {rejection.pk} {rejection.pk}", "nonsense"])
    page = viewer_client.get("/log/").content.decode()
    assert len(frames) == 2
    assert all(without_times(frame.html).strip() in without_times(page) for frame in frames)
    assert [frame.event for frame in feed.since(str(ids.id_at(event.arrived_at)), {})] == ["row", "row"]
    assert feed.since("", {}) == []
    assert feed.since("9" * 30, {}) == []
    assert feed.sight(viewer) == frozenset({str(event.connection_id)})


def test_live_filters_agree_with_the_pages_filters():
    research = connected()
    event = arrived(research, marks=["late"], state="failed")
    told = timeline.facts(event)
    assert (told["kind"], told["connection"], told["tests"]) == ("events", str(research.pk), "hide")
    assert "late" in told["mark"]
    assert timeline.facts(rejected(test=True))["tests"] == ""


def test_the_log_is_one_page_of_few_queries(viewer_client, django_assert_max_num_queries):
    research = connected()
    for _ in range(30):
        arrived(research)
        rejected(research)
    with django_assert_max_num_queries(12):
        assert viewer_client.get("/log/").status_code == 200
