"""Keeping what came back: one transaction that finishes the run, its attempt, its answer and its files."""

import copy
import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    ProgrammingError,
    close_old_connections,
    transaction,
)
from django.utils import timezone

from audit import ids
from operations import hooks, reading, search, spending
from operations.models import Answer, Attempt, Run, State, StoredFile
from operations.outbound import Reply
from operations.outcome import Outcome
from operations.sink import is_textual
from operations.statements import Sql, Statement, overwriting, values_of
from operations.wake import wake

# The answer in our hands is worth more than our patience: a database that restarts is back within these waits
# (seconds).
PAUSES = (0.2, 1.0, 3.0, 5.0)

logger = structlog.get_logger(__name__)


def place(run: Run) -> Path:
    """Return where the answer to the run's current attempt goes when it needs a file."""
    return (
        Path(settings.FILES_ROOT)
        / "answers"
        / f"{run.created_at:%Y-%m-%d}"
        / f"{run.ref}-{run.attempt_count}"
    )


def finish(run: Run, attempt: Attempt, outcome: Outcome) -> Run | None:
    """Write down the end of a try and return the run as it is then; None when it is not ours any more.

    Patient while the database restarts.
    """
    for pause in (*PAUSES, None):
        try:
            return _finish(run, attempt, outcome)
        except DatabaseError as error:
            if pause is None or transaction.get_connection().in_atomic_block:
                raise
            logger.warning("finish_failed", run=run.id, error=type(error).__name__)
            close_old_connections()
            time.sleep(pause)
    return None


def _finish(run: Run, attempt: Attempt, outcome: Outcome) -> Run | None:
    now, keeper = timezone.now(), _Keeper(run)
    values = _of_run(run, outcome, keeper) | {"partial": ""}
    values |= {"lease": None, "lease_until": None, "finished_at": None if outcome.again else now}
    ended = copy.copy(run)  # the claimed one keeps its lease, should this have to be tried again
    _set(ended, values)
    _end_attempt(attempt, outcome, now)
    values |= spending.usage(run, values.get("fields") or {})
    row = _written(End(ended, attempt, outcome, values, keeper))
    if row is None:
        keeper.undo(outcome.reply)
        return None
    _set(ended, values | {"cost": row[0]})
    if outcome.again is not None:
        seconds = outcome.again.seconds
        transaction.on_commit(lambda: wake(run.id, seconds))
    return ended


def _set(run: Run, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(run, name, value)


def _written(end: "End") -> tuple[Any, ...] | None:
    """Write the end with what other rooms make of it, and without that when they make it wrong."""
    raised = [] if end.outcome.again else hooks.raised(end.run, end.outcome.document)
    try:
        return end.write(raised)
    except (DataError, IntegrityError, ProgrammingError):
        if not raised:
            raise
        logger.exception("raising_failed", run=end.run.ref)
        return end.write([])


@dataclass(frozen=True, slots=True)
class End:
    """The end of a try, with everything that is written of it."""

    run: Run  # as it will be
    attempt: Attempt  # of the run as it was claimed
    outcome: Outcome
    values: dict[str, Any]
    keeper: "_Keeper"

    def write(self, raised: Sequence[hooks.Raised]) -> tuple[Any, ...] | None:
        """Write all of it in one statement, if the run is still ours; return its cost, and None else."""
        self.values["raised"] = [one.ref for one in raised]
        own = Sql("WHERE id = %s AND lease = %s RETURNING *", (self.run.id, self.attempt.run.lease))
        writes = Statement().update("ended", Run, self.values, own)
        known = overwriting(Attempt, "run_id", "number")
        writes.insert("tried", Attempt, values_of(self.attempt), f"FROM ended {known}")
        for number, row in enumerate([*self.keeper.files, *(one.row for one in raised)]):
            writes.insert(f"row{number}", type(row), values_of(row), "FROM ended")
        self._add_answer(writes)
        if self.outcome.again is None:
            writes.add("spent", spending.ADD, spending.today())
            writes.add("found", search.INDEX, search.words(self.run, text_of(self.outcome.reply)))
        news = [f"run {self.run.id}", *(f"{one.topic} {one.news}" for one in raised)]
        return writes.carry_out("ended", "cost", news)

    def _add_answer(self, writes: Statement) -> None:
        if self.outcome.reply is not None:
            answer = values_of(_answer(self.run, self.outcome.reply, self.keeper.answer))
            writes.insert("answered", Answer, answer, f"FROM ended {overwriting(Answer, 'run_id')}")


def text_of(reply: Reply | None) -> str:
    """Return the part of an answer that is searched."""
    if reply is None or not is_textual(reply.header("content-type")):
        return ""
    return str(reading.storable(reply.body[: search.MOST].decode("utf-8", "replace")))


def _of_run(run: Run, outcome: Outcome, keeper: "_Keeper") -> dict[str, Any]:
    reply, prepared = outcome.reply, outcome.prepared
    values: dict[str, Any] = {
        "state": outcome.state,
        "error_code": outcome.code,
        "error": reading.storable(outcome.sentence),
        "status": reply.status if reply else None,
        "next_try_at": outcome.next_try,
        "waits_for": outcome.again.why[:200] if outcome.again else "",
        "summary": reading.storable(outcome.sentence)[:200],
    }
    if reply is None or prepared is None:
        return values
    values["request_id"] = reading.storable(reply.header(prepared.service.errors.request_id_header))[:200]
    whole = keeper.whole(reply)
    if outcome.state != State.SUCCEEDED:
        return values
    found = reading.read(prepared.operation, reply, outcome.parsed, keeper.store, whole)
    return values | {
        "fields": found.fields,
        "missing": list(found.missing),
        "items": found.items,
        "summary": found.summary,
        "object_id": found.object_id,
    }


def _end_attempt(attempt: Attempt, outcome: Outcome, now: Any) -> None:
    attempt.finished_at, attempt.sent = now, outcome.sent
    attempt.error_code, attempt.error = outcome.code, reading.storable(outcome.sentence)
    if outcome.reply is not None:
        attempt.status, attempt.address = outcome.reply.status, outcome.reply.address
        attempt.headers = reading.storable([list(pair) for pair in outcome.reply.headers])
    if outcome.again is not None:
        attempt.retry_at = now + timedelta(seconds=outcome.again.seconds)
        attempt.retry_why = outcome.again.why


def _answer(run: Run, reply: Reply, file: StoredFile | None) -> Answer:
    return Answer(
        run=run,
        attempt=run.attempt_count,
        content_type=reply.header("content-type")[:200],
        body=reply.body,
        size=reply.size,
        sha256=reply.sha256,
        truncated=reply.truncated,
        file=file,
    )


class _Keeper:
    """Collects the files of one answer; their rows are written with the run."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.files: list[StoredFile] = []
        self.answer: StoredFile | None = None

    def whole(self, reply: Reply) -> dict[str, Any] | None:
        """Take the answer's own file, and return how a field refers to it; None when all of it is in the
        row."""
        if reply.path is None:
            return None
        kind = reply.header("content-type").split(";")[0].strip() or "application/octet-stream"
        self.answer = self._add(reply.path, "answer", kind, reply.size, reply.sha256)
        return _reference(self.answer)

    def store(self, data: bytes, kind: str, name: str) -> dict[str, Any]:
        """Write bytes that stood in the answer to a file, and return how a field refers to it."""
        digest = hashlib.sha256(data).hexdigest()
        same = next(
            (file for file in self.files if file.sha256 == digest), None
        )  # two fields may pick one picture
        if same is not None:
            return _reference(same)
        path = place(self.run).with_suffix(f".{len(self.files)}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return _reference(self._add(path, "part", kind, len(data), digest))

    def undo(self, reply: Reply | None) -> None:
        """Remove what was written for a run that is not ours any more."""
        for path in {file.full_path for file in self.files} | {reply.path if reply else None}:
            if path is not None:
                path.unlink(missing_ok=True)

    def _add(self, path: Path, kind: str, content_type: str, size: int, digest: str) -> StoredFile:
        number = f"-{len(self.files)}" if self.files else ""
        file = StoredFile(
            id=ids.new_id(),
            run=self.run,
            kind=kind,
            path=str(path.relative_to(settings.FILES_ROOT)),
            filename=f"{self.run.resource}-{self.run.ref[4:]}{number}{reading.ending(content_type)}",
            content_type=content_type[:200],
            size=size,
            sha256=digest,
        )
        self.files.append(file)
        return file


def _reference(file: StoredFile) -> dict[str, Any]:
    return {"file": file.ref, "filename": file.filename, "content_type": file.content_type, "size": file.size}
