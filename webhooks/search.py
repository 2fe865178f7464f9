"""Searching payloads: words anywhere, and the value at a JSON path, newest first, at any size of the log.

Left to itself PostgreSQL walks the log backwards until it has fifty rows, which takes minutes when there
are none. So the partitions are asked one by one from the newest on, each through its index (a
materialised inner select), until enough is found; of what one in twenty had lately the newest hours alone
first, because a week has tens of thousands of it.
"""

import json
import math
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from audit import ids
from connections.models import Connection
from webhooks import partitions
from webhooks.models import Dedupe, Event
from webhooks.models.events import Words

MOST = 500  # matches that a search offers, the newest
HOURS = (3, 15)  # before the newest event, where a search for what is common looks first
LATELY, OFTEN = 50, 20  # common is what one in twenty of fifty events has, the newest or those before HOURS
STEP = re.compile(r'\.?(?:"((?:[^"\\]|\\.)*)"|([^.\[\]="]+)|\[(\d+)\])')

Rows = QuerySet[Any]


def words(rows: Rows, text: str) -> Rows:
    """Return the newest events that hold these words in this order, or whose delivery or object has this
    id.
    """
    held = rows.alias(words=Words("view")).filter(_holds(text))
    return rows.filter(pk__in=[*_newest(held), *_named(rows, text)])


def all_words(rows: Rows, text: str) -> Rows:
    """Return every event that `words` would find, for who walks the partitions one by one."""
    found: Rows = rows.alias(words=Words("view")).filter(_holds(text) | Q(pk__in=_named(rows, text)))
    return found


def _holds(text: str) -> Q:
    return Q(view__isnull=False, words=SearchQuery(text, config="simple", search_type="phrase"))


def _named(rows: Rows, text: str) -> set[int]:
    named = set(
        Dedupe.objects.filter(delivery_id=text, connection_id__in=_connections()).values_list(
            "event_id", flat=True
        )
    )
    named |= set(rows.filter(object_id=text).order_by("-pk").values_list("pk", flat=True)[:MOST])
    return named


def path(rows: Rows, asked: str) -> Rows:
    """Return the newest events with this value at this path: `data.id=batch_1`. Raises ValueError with a
    sentence.
    """
    return rows.filter(pk__in=_newest(all_paths(rows, asked)))


def all_paths(rows: Rows, asked: str) -> Rows:
    """Return every event that `path` would find, for who walks the partitions one by one."""
    steps, values = parsed(asked)
    wanted = Q()
    for value in values:
        wanted |= Q(view__contains=_nested(steps, value))
    return rows.filter(wanted, view__isnull=False)


def parsed(asked: str) -> tuple[list[str | int], list[Any]]:
    """Return the steps of a path and the values that are meant: `5` is the number or the text.

    A key with dots, quotes or brackets stands in double quotes. Raises ValueError with a sentence.
    """
    steps: list[str | int] = []
    rest = asked.strip().removeprefix("$")
    while step := STEP.match(rest):
        quoted, plain, index = step.groups()
        steps.append(
            json.loads(f'"{quoted}"') if quoted is not None else int(index) if index else plain.strip()
        )
        rest = rest[step.end() :].lstrip()
    if not steps or not rest.startswith("="):
        raise ValueError(gettext("A path is written like data.status=completed."))
    return steps, _values(rest[1:].strip())


def _values(text: str) -> list[Any]:
    try:
        value = json.loads(text, parse_constant=str, parse_float=_finite)
    except (ValueError, RecursionError):
        return [text]
    return [value] if isinstance(value, str) else [value, text]


def _finite(text: str) -> float:
    """Return the number; 1e999 is none that a view holds, so it is looked for as text."""
    if math.isinf(number := float(text)):
        raise ValueError(text)
    return number


def _nested(steps: list[str | int], value: Any) -> Any:
    """Return the document that contains just this value; a list is asked for any of its elements."""
    for step in reversed(steps):
        value = [value] if isinstance(step, int) else {step: value}
    return value


def _newest(rows: Rows) -> list[int]:
    """Return the newest ids among rows that an index finds, one partition after the other."""
    found: list[int] = []
    for low, high in _ranges(rows):
        inner = rows.filter(pk__gte=low, pk__lt=high).order_by().values("pk")
        try:
            sql, parameters = inner.query.sql_with_params()
        except EmptyResultSet:  # another filter leaves nothing: a cause, while these are events
            return []
        with connection.cursor() as cursor:
            cursor.execute(
                f"WITH found AS MATERIALIZED ({sql}) SELECT * FROM found ORDER BY 1 DESC LIMIT {MOST}",  # noqa: S608
                parameters,
            )
            found += [row[0] for row in cursor.fetchall()]
        if len(found) >= MOST:
            break
    return found[:MOST]


def _ranges(rows: Rows) -> Iterator[tuple[int, int]]:
    """Yield ranges of ids, the newest first, none of which reaches over the edge of a partition."""
    lately = _before((1 << 63) - 1)
    if not lately:
        return
    high, at = lately[0] + 1, ids.time_of(lately[0])
    edges = {low for low, _ in partitions.ranges() if low < high}
    early = {ids.id_at(at - timedelta(hours=hours)) for hours in HOURS}
    lately += [row for edge in early for row in _before(edge)]  # the newest may be a burst of something else
    if rows.filter(pk__in=lately).count() * OFTEN >= LATELY:
        edges |= early
    for low in sorted(edges, reverse=True):
        yield low, high
        high = low


def _before(row: int) -> list[int]:
    older = Event.objects.filter(pk__lte=row).order_by("-pk")
    return list(older.values_list("pk", flat=True)[:LATELY])


def _connections() -> list[Any]:
    return list(Connection.everything.values_list("pk", flat=True))
