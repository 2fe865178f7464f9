"""The day's runs in parts: one that is over is counted once, and again when a run of it has changed.

A run may end late, be decided by a person or go by retention, so a part is remembered under a stamp: how many
of its runs are open, how many changes of others the database noted (`RunChange`), and the newest transaction
among both. A stamp needs no look at the runs that ended.
"""

import time
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any, NamedTuple

from audit import ids
from operations.models import OPEN
from overview.sight import Scope, Sight

HOUR = timedelta(hours=1)
# Of the present hour each look reads the last minute and what has not settled, the first look of a minute at
# most ten minutes, and that of ten minutes the hour.
STEPS = (timedelta(minutes=10), timedelta(minutes=1))
SETTLED = timedelta(minutes=1)  # longer than a transaction takes (5 s a statement): all of it is visible
ENDLESS = (1 << 63) - 1
KEPT = 2_500  # parts: as a hundred people of different rights see the day

# By place among the starts: what would show a change. Place 0 is the table, another one once it was emptied.
STAMPS = """
SELECT width_bucket(id, %(starts)s::bigint[]), sum(open), sum(changed), max(written) FROM (
  SELECT id, 1 AS open, 0 AS changed, xmin::text::bigint AS written FROM operations_run
  WHERE state = ANY(%(of)s) AND id >= %(first)s
  UNION ALL SELECT run_id, 0, 1, xmin::text::bigint FROM overview_runchange WHERE run_id >= %(first)s
) moved GROUP BY 1
UNION ALL SELECT 0, 0, 0, pg_relation_filenode('operations_run')::bigint
"""
# With the milliseconds that each took: percentiles are made here, those of the whole day need them all.
COUNT = """
SELECT place, state, count(*), sum(total_tokens), sum(cost),
  array_agg((1000 * date_part('epoch', finished_at - started_at))::int)
    FILTER (WHERE finished_at IS NOT NULL AND started_at IS NOT NULL)
FROM unnest(%(since)s::bigint[], %(until)s::bigint[]) WITH ORDINALITY part(since, until, place)
JOIN operations_run ON id >= since AND id < until WHERE {open} GROUP BY 1, 2
"""
Stamp = tuple[Any, ...]


class Span(NamedTuple):
    """The runs of some time, as somebody may see them; `until` is not among them."""

    since: int
    until: int
    scope: Scope


@dataclass(frozen=True, eq=False)
class Part:
    """What came of the runs of a span: how they ended, what they used, the milliseconds of each in order."""

    counts: Mapping[str, int]
    tokens: int
    cost: Decimal
    times: Sequence[int]


_known: dict[Span, tuple[Stamp, Part]] = {}


def of_hours(sight: Sight, starts: Sequence[datetime], now: datetime) -> list[list[Part]]:
    """Return the parts of each hour that starts so, up to now; two queries, whatever is remembered."""
    stamps = _stamps(_spans(starts, now, sight.scope), sight)
    known, settled = _known, ids.id_at(now - SETTLED)
    found = {span: known[span][1] for span, stamp in stamps.items() if known.get(span, ("",))[0] == stamp}
    counted = _counted([span for span in stamps if span not in found], sight)
    _remember({span: (stamps[span], part) for span, part in counted.items() if span.until <= settled}, stamps)
    found |= counted
    edges = [ids.id_at(start) for start in starts[1:]]
    hours: list[list[Part]] = [[] for _ in starts]
    for span in stamps:
        hours[bisect_right(edges, span.since)].append(found[span])
    return hours


def percentile(parts: Iterable[Part], share: float) -> timedelta | None:
    """Return what `percentile_cont` would of all their times: between two values as much as is due."""
    lists = [part.times for part in parts if part.times]
    if not lists:
        return None
    whole, rest = divmod(share * (sum(map(len, lists)) - 1), 1)
    low = _ranked(lists, int(whole))
    return timedelta(milliseconds=low + (rest * (_ranked(lists, int(whole) + 1) - low) if rest else 0))


def _ranked(lists: Sequence[Sequence[int]], rank: int) -> int:
    """Return the value of this rank among all, without putting them together: by halves of the range."""
    if len(lists) == 1:
        return lists[0][rank]
    values = range(min(one[0] for one in lists), max(one[-1] for one in lists))
    found = bisect_left(values, rank + 1, key=lambda value: sum(bisect_right(one, value) for one in lists))
    return values.start + found


def _spans(starts: Sequence[datetime], now: datetime, scope: Scope) -> list[Span]:
    """Cut at each hour, and the present one where it ceases to be remembered."""
    over = now - SETTLED
    steps = {over - (over - starts[0]) % step for step in STEPS}
    cuts = [ids.id_at(cut) for cut in (*starts, *sorted(step for step in steps if step > starts[-1]))]
    return [Span(since, until, scope) for since, until in zip(cuts, [*cuts[1:], ENDLESS], strict=True)]


def _stamps(spans: Sequence[Span], sight: Sight) -> dict[Span, Stamp]:
    starts = [span.since for span in spans]
    found = {
        place: stamp for place, *stamp in sight.ask(STAMPS, starts=starts, first=starts[0], of=list(OPEN))
    }
    # While a clock is ahead, parts that are still to come would be counted as empty: its zero tells it apart.
    clock = round((time.time() - time.monotonic()) / 60)
    return {span: (clock, *found[0], *found.get(place, ())) for place, span in enumerate(spans, start=1)}


def _counted(spans: Sequence[Span], sight: Sight) -> dict[Span, Part]:
    by_place: dict[int, list[Sequence[Any]]] = {}
    ends = {"since": [span.since for span in spans], "until": [span.until for span in spans]}
    for place, *row in sight.ask(COUNT, **ends):
        by_place.setdefault(place, []).append(row)
    return {span: _part(by_place.get(place, ())) for place, span in enumerate(spans, start=1)}


def _part(rows: Sequence[Sequence[Any]]) -> Part:
    times = sorted(chain.from_iterable(took or () for *_, took in rows))
    tokens = sum(int(row[2] or 0) for row in rows)
    cost = sum((row[3] or Decimal() for row in rows), Decimal())
    return Part({state: count for state, count, *_ in rows}, tokens, cost, array("i", times))


def _remember(parts: Mapping[Span, tuple[Stamp, Part]], asked: Iterable[Span]) -> None:
    """Keep these, and let go of the spans that are over: everybody asks for the same ones."""
    global _known  # put in place whole, so that no other thread sees it change
    if parts:
        ends = {span[:2] for span in asked}
        kept = {span: part for span, part in _known.items() if span[:2] in ends} if len(_known) < KEPT else {}
        _known = kept | dict(parts)
