"""Short messages to a person about work that ended in the background: on every open page, as toasts.

    notices.tell(person, gettext_noop("%(count)s events were recovered."), url, count=3)

The text stays English in the database and is translated where it is read. Without a person it is for admins.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext

from audit import ids
from live import hub
from live.topics import Frame, Sight, Topic, Wanted
from people.models import Notice, Person, Role

Row = TypeVar("Row")

ADMINS = "admins"
MOST = 5  # toasts at once: more would cover the page
KEPT = timedelta(days=1)


def tell(person: Person | None, text: str, url: str = "", **values: Any) -> None:
    """Tell a person (or with None every admin) something, on whatever page they are when this commits."""
    with transaction.atomic():
        notice = Notice.objects.create(person=person, text=text, url=url, values=values)
        hub.publish("notice", notice.pk)


def tell_when_over(
    kind: str, rows: Iterable[int], person: Person | None, text: str, url: str = "", **values: Any
) -> None:
    """Tell it once none of these rows (`kind` is “runs” or “events”) is under way; the overview looks."""
    Notice.objects.create(person=person, text=text, url=url, values=values, awaits=kind, rows=list(rows))


def counted(rows: Iterable[Row], person: Person, text: str, url: str = "") -> Iterator[Row]:
    """Hand rows through and tell at their end how many there were: `text` says where with %(count)s."""
    count = 0
    for row in rows:
        count += 1
        yield row
    tell(person, text, url, count=count)


def release(notice: Notice) -> None:
    """Tell what waited: as a new row, for the id is the place in time from which pages go on."""
    notice.delete()
    tell(notice.person, notice.text, notice.url, **notice.values)


def forget() -> None:
    """Remove what is a day old, told or not."""
    Notice.objects.filter(id__lt=ids.id_at(timezone.now() - KEPT)).delete()


def render(keys: Sequence[str], among: Sight = None) -> list[Frame]:
    """Return a toast for each of these notices."""
    told = Notice.objects.filter(pk__in=[int(key) for key in keys if key.isdigit()], awaits="")
    return [_frame(one) for one in told.order_by("pk")]


def since(last_id: str, wanted: Wanted) -> list[Frame]:
    """Return what was told after a page's last toast: while it changed pages, or was hidden."""
    if not (last_id.isascii() and last_id.isdigit() and len(last_id) <= 19):
        return []
    newest = Notice.objects.filter(pk__gt=int(last_id), awaits="").order_by("-pk")[: MOST * 4]
    return [_frame(one) for one in reversed(newest)]


def sight(person: Person) -> Sight:
    """Return whose notices a person sees: their own, and as an admin what is for admins."""
    return frozenset({str(person.pk)} | ({ADMINS} if person.may(Role.ADMIN) else set()))


def _frame(notice: Notice) -> Frame:
    html = render_to_string(
        "components/toast.html", {"text": gettext(notice.text) % notice.values, "url": notice.url}
    )
    # The line compares what a frame belongs to with what someone sees; here that is a person.
    return Frame(html, "notice", str(notice.pk), {"connection": str(notice.person_id or ADMINS)})


topic = Topic(render=render, since=since, sight=sight)
