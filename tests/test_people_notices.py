"""Messages about work that ended in the background: to whom they go, in which language, and when."""

import pytest
from django.utils import translation

from connections.models import Connection
from operations.models import Run, State
from overview import watching
from people import notices
from people.models import Notice
from webhooks.models import Event

pytestmark = pytest.mark.django_db


def seen_by(person, after: str = "0") -> list[str]:
    sight = notices.sight(person)
    return [frame.html for frame in notices.since(after, {}) if frame.facts["connection"] in sight]


def test_a_person_sees_their_own_and_an_admin_what_is_for_admins(operator, admin) -> None:
    notices.tell(operator, "Yours: %(count)s.", "/runs/", count=3)
    notices.tell(None, "For admins.")
    (own,) = seen_by(operator)
    assert "Yours: 3." in own
    assert 'href="/runs/"' in own
    assert ["For admins." in html for html in seen_by(admin)] == [True]


def test_a_page_goes_on_from_the_last_toast(operator) -> None:
    notices.tell(operator, "One.")
    last = str(Notice.objects.get().pk)
    notices.tell(operator, "Two.")
    assert ["Two." in html for html in seen_by(operator, last)] == [True]
    assert notices.since("", {}) == notices.since("nonsense", {}) == []


def test_the_news_are_rendered_as_the_same_toast(operator) -> None:
    notices.tell(operator, "<b>%(name)s</b>", name="<i>")
    key = str(Notice.objects.get().pk)
    with translation.override("en"):
        (frame,) = notices.render([key, "x"])
    assert frame == notices.since("0", {})[0]
    assert "&lt;b&gt;&lt;i&gt;" in frame.html


def test_what_is_awaited_is_told_once_it_is_over(operator) -> None:
    connection = Connection.objects.create(name="Main", service="chatgpt-v1", practice=True)
    run = Run.objects.create(connection=connection, service="chatgpt-v1", resource="models", operation="list")
    event = Event.objects.create(connection=connection, type="batch.completed")
    notices.tell_when_over("runs", [run.pk], operator, "Runs.")
    notices.tell_when_over("events", [event.pk], operator, "Events.")
    assert (watching.look(), seen_by(operator)) == (0, [])
    Run.objects.update(state=State.FAILED)
    Event.objects.update(state="processed")
    assert watching.look() == 2
    assert watching.look() == 0
    assert sorted(html.count("Runs.") for html in seen_by(operator)) == [0, 1]


def test_rows_handed_through_are_counted_and_told_at_their_end(operator) -> None:
    rows = notices.counted("abc", operator, "%(count)s rows.")
    assert next(rows) == "a"
    assert seen_by(operator) == []
    assert list(rows) == ["b", "c"]
    assert ["3 rows." in html for html in seen_by(operator)] == [True]


def test_pages_count_what_needs_attention(admin_client) -> None:
    answer = admin_client.get("/attention/")
    assert answer.content == b"1"  # no second factor
