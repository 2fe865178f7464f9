"""What was declared against what was seen: per event type, how much came and how much of it could be read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from django.db import connection as database

from audit import ids
from connections.models import Connection
from definitions.schema import Event as EventDefinition
from webhooks.fields import Mapped, mapped_all
from webhooks.models import Event

SAMPLE = 20  # newest events of a type that are read closely
MOST = 10_000  # counted; beyond it is "10,000+"
MOST_TYPES = 200


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
    overlay: str = field(default="", repr=False)  # what would declare an unknown type

    @property
    def delivered(self) -> str:
        """How events of this type come to be, in the words of the definition."""
        return self.definition.delivered if self.definition else "unknown"


def lines(connection: Connection) -> list[Line]:
    """Return a line for every type that is declared or was seen, what was seen most lately first."""
    seen = _seen(connection)
    declared = {
        event.type: event for resource in connection.definition.resources for event in resource.events
    }
    found = [_line(connection, declared.get(type_), type_, facts) for type_, facts in seen.items()]
    found.sort(key=lambda line: line.last or datetime.min, reverse=True)
    return found + [Line(type_, event) for type_, event in declared.items() if type_ not in seen]


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
    connection: Connection, definition: EventDefinition | None, type_: str, facts: tuple[int, int, int]
) -> Line:
    first, last, count = facts
    sample = Event.objects.filter(connection=connection, type=type_).select_related("connection")
    fields = list(mapped_all(list(sample.order_by("-pk")[:SAMPLE])).values())
    unknown = _unknown_fields(definition, fields)
    return Line(
        type=type_,
        definition=definition,
        count=f"{MOST:,}+" if count > MOST else f"{count:,}",
        first=ids.time_of(first),
        last=ids.time_of(last),
        resolved=_share(definition, fields),
        unknown_fields=unknown,
        overlay=_overlay(type_, unknown) if definition is None and type_ else "",
    )


def _share(definition: EventDefinition | None, fields: Iterable[Mapped]) -> float | None:
    readable = [one for one in fields if one.source]
    if not definition or not definition.payload or not readable:
        return None
    return 100 * sum(len(one.picked.resolved) for one in readable) / (len(definition.payload) * len(readable))


def _unknown_fields(definition: EventDefinition | None, fields: Iterable[Mapped]) -> tuple[str, ...]:
    """Return the members that the newest events had and that no declared selector begins with."""
    known = {one.selector[0] for one in definition.payload if one.selector} if definition else set()
    names = (name for one in fields if isinstance(one.value, Mapping) for name in one.value)
    return tuple(sorted({str(name) for name in names} - known))[:40]


def _overlay(type_: str, names: Iterable[str]) -> str:
    """Return the lines that declare an unknown type in an overlay, with the fields that were seen."""
    payload: list[dict[str, Any]] = [{"name": name, "type": "String", "selector": [name]} for name in names]
    said = {
        "event": type_,
        "path": f"/webhooks/{type_.replace('.', '-')}",
        "delivered": "delivered",
        "payload": payload,
    }
    return orjson.dumps(said, option=orjson.OPT_INDENT_2).decode()
