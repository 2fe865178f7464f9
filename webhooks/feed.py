"""The log's live line: rows rendered once a process by the template that the page itself uses."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from django.db.models import Q
from django.template.loader import get_template

from audit import ids
from connections.models import Connection
from live.topics import Frame, Sight, Topic, Wanted
from people.models import Person, Role
from webhooks import timeline
from webhooks.lines import lines
from webhooks.models import Event, Rejection
from webhooks.timeline import Row

# Rows of one flush: more than a page keeps (200), so that it misses none of those. A flood of thousands a
# second is not rendered whole: nobody could read it, and the door shares the process.
MOST = 500
LOOK_BACK = timedelta(seconds=10)  # rows appear in another order than their ids, but never that much later
LAST = (1 << 63) - 1
UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MODELS: dict[str, type[Event] | type[Rejection]] = {"evt": Event, "rej": Rejection}


def render(keys: Sequence[str], among: Sight = None) -> list[Frame]:
    """Return frames for `evt 17 23` and `rej 5 5`: kind, first id, last id; oldest first, the newest
    five hundred of these connections, so that no other one's flood displaces them.
    """
    rows: dict[int, Row] = {}
    for kind in MODELS:
        ranges = [tuple(map(int, key.split()[1:])) for key in keys if key.startswith(kind)]
        for low, high in _merged(ranges):
            found = MODELS[kind].objects.listed().filter(_of(among), id__gte=low, id__lte=high)
            rows |= {row.id: row for row in found.order_by("-id")[:MOST]}
    return frames([rows[key] for key in sorted(rows)[-MOST:]])


def since(last_id: str, wanted: Wanted) -> list[Frame]:
    """Return what came since a page was drawn or cut off; the page replaces the rows that it has already."""
    if not (last_id.isascii() and last_id.isdigit() and len(last_id) <= 19):
        return []
    low = int(last_id) - (int(LOOK_BACK.total_seconds() * 1000) << ids.SHIFT)
    return render([f"{kind} {low} {LAST}" for kind in MODELS], wanted.get("connection"))


def sight(person: Person) -> Sight:
    """Return the connections whose rows a person may see."""
    if person.may(Role.ADMIN):
        return None
    seen = Connection.everything.for_user(person).values_list("pk", flat=True)
    return frozenset(map(str, seen))


def frames(rows: Sequence[Row]) -> list[Frame]:
    """Return rows as the log shows them, drawn when somebody sees them. Their cursor is the present: an old
    row may be told again when it changes.
    """
    draw = get_template("webhooks/log.html#row").render
    cursor = str(ids.id_at(datetime.now(UTC)))
    return [
        Frame(partial(draw, {"line": line}), "row", cursor, timeline.facts(row))
        for row, line in zip(rows, lines(rows), strict=True)
    ]


def _of(connections: Sight) -> Q:
    """Return the condition for rows of these connections; "" are rows of none, other words are nonsense."""
    if connections is None:
        return Q()
    known = [word for word in connections if UUID.fullmatch(word)]
    return Q(connection_id__in=known) | (Q(connection_id=None) if "" in connections else Q())


def _merged(ranges: list[tuple[int, ...]]) -> list[tuple[int, int]]:
    """Put ranges that touch into one: a busy second is one query, and a change to an old row does not widen
    it.
    """
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + (1000 << ids.SHIFT):
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return merged


topic = Topic(render=render, since=since, sight=sight)
