"""Taking the run whose turn it is: limits, turns, rests and the claim itself in one statement."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
from django.utils import timezone

from connections.models import Connection
from operations import statements
from operations.models import AT_ONCE, Run
from operations.spending import today

LEASE = timedelta(seconds=30)  # how long a silent worker keeps a run; it speaks every second
GATE = 0x5357_4743  # the advisory lock under which one claim follows another, so that each counts the last
REMEMBERED = 500  # connections in one process

# The claim alone need not be on the disk: what goes out later is marked first, and that commit carries this
# one with it. A claim that a crash of the database forgets is a run that still waits.
LOCK = "SELECT set_config('synchronous_commit', 'off', true), pg_advisory_xact_lock(%(gate)s)"
IS_DUE = """{0}.state IN ('queued', 'waiting') AND NOT {0}.cancel_asked
      AND ({0}.next_try_at IS NULL OR {0}.next_try_at <= %(now)s)"""
HAS_ROOM = """(p.not_before IS NULL OR p.not_before <= %(now)s)
  AND coalesce(p.at_once, %(at_once)s) > (
    SELECT count(*) FROM operations_run AS b
    WHERE b.connection_id = c.id AND b.state IN ('queued', 'running', 'sending', 'waiting')
      AND b.state IN ('running', 'sending'))"""
# A row's place and transaction say whether it is still the row that this process read before.
FACTS = """due.id, c.id AS account, c.xmin::text || c.ctid::text || coalesce((
        SELECT string_agg(s.xmin::text || s.ctid::text, ' ') FROM connections_secret AS s
        WHERE s.connection_id = c.id), '') AS stamp,
    p.a_minute, p.budget,
    (SELECT cost FROM operations_spent WHERE connection_id = c.id AND day = %(today)s) AS spent,
    (SELECT jsonb_object_agg(host, until) FROM operations_breaker) AS hosts"""
# One due run of each connection that has any and has room, and one of those by chance: a connection that
# queued ten thousand has the same chance as one that queued a single run, so nobody waits for another's
# flood.
ANY = f"""SELECT {FACTS} FROM connections_connection AS c
LEFT JOIN operations_policy AS p ON p.connection_id = c.id
CROSS JOIN LATERAL (
    SELECT id FROM operations_run AS r
    WHERE r.connection_id = c.id AND r.state IN ('queued', 'running', 'sending', 'waiting')
      AND {IS_DUE.format("r")}
    ORDER BY r.id LIMIT 1
) AS due
WHERE {HAS_ROOM} ORDER BY random() LIMIT 1"""  # noqa: S608  # every piece is a constant of this module
# A test of a connection passes every limit: somebody waits for the sentence, and it is one read-only call.
THIS = f"""SELECT {FACTS} FROM operations_run AS due
LEFT JOIN connections_connection AS c ON c.id = due.connection_id
LEFT JOIN operations_policy AS p ON p.connection_id = c.id
WHERE due.id = %(run)s AND {IS_DUE.format("due")}
  AND (due.origin = 'test' OR due.connection_id IS NULL OR ({HAS_ROOM}))"""  # noqa: S608
CLAIM = f"""UPDATE operations_run AS r SET state = 'running', lease = %(lease)s, lease_until = %(until)s,
    attempt_count = r.attempt_count + 1, started_at = coalesce(r.started_at, %(now)s),
    next_try_at = NULL, waits_for = ''
FROM ({{turn}}) AS turn WHERE r.id = turn.id
RETURNING turn.account, turn.stamp, turn.a_minute, turn.budget, turn.spent, turn.hosts,
    {statements.columns_of(Run, "r")}"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Claim:
    """A run that is ours for LEASE, and what its connection allows it."""

    run: Run
    a_minute: int | None  # calls
    budget: Decimal | None  # of today
    spent: Decimal  # today
    hosts: Mapping[str, datetime | None]  # that failed lately: until when each is left alone


def claim(run_id: int | None = None) -> Claim | None:
    """Take a run that is due, this one or whose turn it is; None when there is none that may go now."""
    now = timezone.now()
    values: dict[str, Any] = {"gate": GATE, "now": now, "today": today(), "at_once": AT_ONCE, "run": run_id}
    values |= {"lease": uuid.uuid4(), "until": now + LEASE}
    row = statements.prepared(CLAIM.format(turn=ANY if run_id is None else THIS), values, after=LOCK)
    return _read(*row) if row else None


def _read(
    account: uuid.UUID | None,
    stamp: str,
    a_minute: int,
    budget: Decimal,
    spent: Decimal,
    hosts: str,
    *row: Any,
) -> Claim:
    run = statements.loaded(Run, row)
    if account is not None:
        run.connection = _known(account, stamp)
    resting = {
        host: datetime.fromisoformat(at) if at else None for host, at in orjson.loads(hosts or "{}").items()
    }
    return Claim(run, a_minute, budget, spent or Decimal(0), resting)


_remembered: dict[uuid.UUID, tuple[str, Connection]] = {}


def _known(account: uuid.UUID, stamp: str) -> Connection:
    """Return the connection with its sealed secrets, read again only when one of the rows changed. Nothing
    unsealed is kept."""
    kept = _remembered.get(account)
    if kept is None or kept[0] != stamp:
        if len(_remembered) >= REMEMBERED:
            _remembered.clear()
        kept = stamp, Connection.everything.prefetch_related("secrets").get(pk=account)
        _remembered[account] = kept
    return kept[1]
