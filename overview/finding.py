"""The command palette: pages, connections, operations, actions, runs and events by a few letters."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext

from audit import ids
from definitions import catalog
from operations.models import Run
from overview import help as book
from overview import navigation
from overview.sight import Sight

EACH = 6  # results of one kind


@dataclass(frozen=True)
class Result:
    """One line of the palette."""

    kind: str
    icon: str
    label: str
    detail: str
    url: str


def results(sight: Sight, text: str) -> list[Result]:
    """Return what the letters may mean, a few of each kind; the rooms and connections when there are none."""
    wanted = text.strip().lower()[:100]
    return [result for source in SOURCES for result in islice(source(sight, wanted), EACH)]


def _matches(wanted: str, *texts: str) -> bool:
    """Say whether every word stands in one of the texts."""
    whole = " ".join(texts).lower()
    return all(word in whole for word in wanted.split())


def _pages(sight: Sight, wanted: str) -> Iterator[Result]:
    for item in navigation.items(sight.person):
        if _matches(wanted, item.label):
            yield Result(gettext("Pages"), item.icon, item.label, "", item.url)


def _connections(sight: Sight, wanted: str) -> Iterator[Result]:
    for one in sight.connections.filter(name__icontains=wanted).order_by("name"):
        yield Result(gettext("Connections"), "plug", one.name, one.service_label, one.get_absolute_url())


def _actions(sight: Sight, wanted: str) -> Iterator[Result]:
    for service in catalog.services():
        for one in service.actions:
            if wanted and _matches(wanted, one.label, one.handle, service.short):
                url = reverse("operations:action", args=[service.handle, one.handle])
                yield Result(gettext("Actions"), "bolt", one.label, service.short, url)


def _operations(sight: Sight, wanted: str) -> Iterator[Result]:
    for service in catalog.services():
        for one in service.operations:
            if wanted and _matches(wanted, one.key, one.label, service.short):
                url = reverse("operations:operation", args=[service.handle, one.key])
                yield Result(gettext("Operations"), "grid", one.key, one.label, url)


def _help(sight: Sight, wanted: str) -> Iterator[Result]:
    for _, pages in book.groups():
        for page in pages:
            if wanted and _matches(wanted, page.title):
                yield Result(gettext("Help"), "help", page.title, "", page.url)


def _runs(sight: Sight, wanted: str) -> Iterator[Result]:
    if number := _number("run", wanted):
        runs = sight.runs.filter(pk=number)
    elif len(wanted) >= 3:
        runs = sight.runs.filter(object_id=wanted)
    else:
        return
    for one in runs.order_by("-pk"):
        yield Result(gettext("Runs"), "play", str(one), Run(id=one.pk).ref, one.get_absolute_url())


def _events(sight: Sight, wanted: str) -> Iterator[Result]:
    if number := _number("evt", wanted):
        events = sight.events.filter(pk=number)
    elif len(wanted) >= 3:
        events = sight.events.filter(Q(object_id=wanted) | Q(type=wanted))
    else:
        return
    for one in events.defer("body", "headers", "view").order_by("-pk"):
        yield Result(
            gettext("Events"), "activity", one.type or one.code, one.object_id, one.get_absolute_url()
        )


def _number(prefix: str, text: str) -> int | None:
    try:
        return ids.decode(prefix, text)
    except ValueError:
        return None


SOURCES: tuple[Callable[[Sight, str], Iterator[Result]], ...] = (
    _pages,
    _connections,
    _actions,
    _operations,
    _runs,
    _events,
    _help,
)
