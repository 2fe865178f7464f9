"""What was declared against what was seen: per event type, how much came and how much of it could be read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from django.db import connection as database
from django.utils.translation import gettext_lazy as _

from audit import ids
from audit.pages import Words
from connections.models import Connection
from definitions import additions
from definitions.schema import Event as EventDefinition
from webhooks.fields import Mapped, mapped_all
from webhooks.models import Event
from webhooks.sends import OUR_TYPE

SAMPLE = 20  # newest events of a type that are read closely
MOST = 10_000  # counted; beyond it is "10,000+"
MOST_TYPES = 200
MOST_FIELDS = 40  # that an overlay declares
COMES: Mapping[str, tuple[str, Words]] = {
    "delivered": ("green", _("Delivered")),
    "raised": ("azure", _("Raised here")),
    "retired": ("secondary", _("Retired")),
    "undelivered": ("secondary", _("Not delivered")),
    "unknown": ("orange", _("Unknown type")),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One event type of a connection."""

    type: str
    definition: EventDefinition | None
    count: str = "0"
    first: datetime | None = None
    last: datetime | None = None
    resolved: float | None = None  # share of the declared fields that the newest events had
    unknown_fields: tuple[str, ...] = ()
    overlay: Mapping[str, Any] | None = field(default=None, repr=False)  # what would declare an unknown type
    ours: bool = False  # declared by this house, so it can be taken back

    @property
    def shown_overlay(self) -> str:
        """The overlay as its lines, "" when there is nothing to declare."""
        return orjson.dumps(self.overlay, option=orjson.OPT_INDENT_2).decode() if self.overlay else ""

    @property
    def comes(self) -> tuple[str, Words]:
        """How events of this type come to be, by the definition: the badge's colour and its word."""
        return COMES[self.definition.delivered if self.definition else "unknown"]


def lines(connection: Connection) -> list[Line]:
    """Return a line for every type that is declared or was seen, what was seen most lately first."""
    seen = _seen(connection)
    declared = {
        event.type: event for resource in connection.definition.resources for event in resource.events
    }
    ours = additions.declared(connection.service)
    found = [_line(connection, declared.get(type_), type_, facts, ours) for type_, facts in seen.items()]
    found.sort(key=lambda line: line.last or datetime.min, reverse=True)
    unseen = ((type_, event) for type_, event in declared.items() if type_ not in seen)
    return found + [Line(type_, event, ours=type_ in ours) for type_, event in unseen]


def line_of(connection: Connection, type_: str) -> Line | None:
    """Return the line of one type that was seen, None for any other."""
    return next((line for line in lines(connection) if line.type == type_ and line.last), None)


# The types one after another along the index, each with its ends and a count that stops: the table may
# hold millions.
SEEN = """
WITH RECURSIVE types AS (
    (SELECT type FROM webhooks_event ORDER BY type LIMIT 1)
    UNION ALL
    SELECT (SELECT type FROM webhooks_event WHERE type > types.type ORDER BY type LIMIT 1)
    FROM types WHERE types.type IS NOT NULL
)
SELECT type,
    (SELECT min(id) FROM webhooks_event e WHERE e.type = types.type AND connection_id = %(connection)s),
    (SELECT max(id) FROM webhooks_event e WHERE e.type = types.type AND connection_id = %(connection)s),
    (SELECT count(*) FROM (
        SELECT FROM webhooks_event e WHERE e.type = types.type AND connection_id = %(connection)s LIMIT
        %(most)s
    ) AS counted)
FROM types WHERE type IS NOT NULL LIMIT %(types)s
"""


def _seen(connection: Connection) -> dict[str, tuple[int, int, int]]:
    with database.cursor() as cursor:
        cursor.execute(SEEN, {"connection": connection.pk, "most": MOST + 1, "types": MOST_TYPES})
        rows = cursor.fetchall()
    return {type_: (first, last, count) for type_, first, last, count in rows if count}


def _line(
    connection: Connection,
    definition: EventDefinition | None,
    type_: str,
    facts: tuple[int, int, int],
    ours: set[str],
) -> Line:
    first, last, count = facts
    sample = Event.objects.filter(connection=connection, type=type_).select_related("connection")
    fields = list(mapped_all(list(sample.order_by("-pk")[:SAMPLE])).values())
    unknown = _unknown_fields(definition, fields)
    known = bool(definition) or type_ in ("", OUR_TYPE)
    return Line(
        type=type_,
        definition=definition,
        count=f"{MOST:,}+" if count > MOST else f"{count:,}",
        first=ids.time_of(first),
        last=ids.time_of(last),
        resolved=_share(definition, fields),
        unknown_fields=tuple(unknown),
        overlay=None if known else additions.event(connection.definition, type_, unknown),
        ours=type_ in ours,
    )


def _share(definition: EventDefinition | None, fields: Iterable[Mapped]) -> float | None:
    readable = [one for one in fields if one.source]
    if not definition or not definition.payload or not readable:
        return None
    return 100 * sum(len(one.picked.resolved) for one in readable) / (len(definition.payload) * len(readable))


def _unknown_fields(definition: EventDefinition | None, fields: Iterable[Mapped]) -> dict[str, Any]:
    """Return the members that the newest events had and that no declared selector begins with, with an
    example of each."""
    known = {one.selector[0] for one in definition.payload if one.selector} if definition else set()
    seen = {name: one.value[name] for one in fields if isinstance(one.value, Mapping) for name in one.value}
    return {name: seen[name] for name in sorted(set(seen) - known)[:MOST_FIELDS]}
