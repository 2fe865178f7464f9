"""How long runs are kept: by age and by count, per connection; what would go, how much disk that frees, and
its going."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import structlog
from django.conf import settings
from django.db.models import Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext_noop

from audit import ids, log
from connections.models import Connection
from operations import uploads
from operations.models import FINAL, Answer, Policy, Run, StoredFile

BATCH = 500  # runs of one transaction: short locks, and a worker that is killed has lost little
BY_RETENTION = gettext_noop("{gone} runs, by their retention")
FORGOTTEN = timedelta(days=2)  # an upload that no run took is removed after this

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a policy would remove now."""

    runs: int
    files: int
    freed: int  # bytes of files and answers


def due(connection: Connection, keep_days: int | None, keep_runs: int | None) -> QuerySet[Run]:
    """Return the runs that these limits let go: ended, not pinned, too old or too many."""
    ended = Run.objects.filter(connection=connection, state__in=FINAL, pinned=False)
    goes = Q(pk__in=[])
    if keep_days is not None:
        goes |= Q(id__lt=ids.id_at(timezone.now() - timedelta(days=keep_days)))
    if keep_runs is not None:
        newest = Run.objects.filter(connection=connection).order_by("-id").values_list("id", flat=True)
        last = newest[keep_runs - 1 : keep_runs].first() if keep_runs else None
        goes |= Q(id__lt=last) if last is not None else Q(pk__in=[]) if keep_runs else Q(id__gt=0)
    return ended.filter(goes)


def preview(connection: Connection, keep_days: int | None, keep_runs: int | None) -> Preview:
    """Return what would go, before it does."""
    runs = due(connection, keep_days, keep_runs)
    files = StoredFile.objects.filter(run__in=runs)
    size = files.aggregate(all=Sum("size"))["all"] or 0
    rows = Answer.objects.filter(run__in=runs, file=None).aggregate(all=Sum("size"))["all"] or 0
    return Preview(runs.count(), files.count(), size + rows)


def tidy() -> int:
    """Remove what the policies of all connections let go, and uploads that nothing took; return how many
    runs went."""
    removed = 0
    policies = Policy.objects.filter(Q(keep_days__isnull=False) | Q(keep_runs__isnull=False))
    for policy in policies.select_related("connection"):
        gone = sum(_batches(due(policy.connection, policy.keep_days, policy.keep_runs)))
        if gone:
            log.record("runs.removed", target=policy.connection, note=BY_RETENTION.format(gone=gone))
        removed += gone
    _forget_uploads()
    return removed


def _batches(runs: QuerySet[Run]) -> Iterator[int]:
    while batch := list(runs.order_by("id").values_list("id", flat=True)[:BATCH]):
        files = StoredFile.objects.filter(run__in=batch)
        paths = list(files.values_list("path", flat=True))
        Run.objects.filter(id__in=batch).delete()
        _unlink(paths)
        yield len(batch)


def _forget_uploads() -> None:
    """Remove uploads that no run took, and those whose runs are all gone: one upload may serve several
    runs."""
    old = StoredFile.objects.filter(kind="upload", run=None, id__lt=ids.id_at(timezone.now() - FORGOTTEN))
    unused = [file for file in old.order_by("id")[:BATCH] if not uploads.is_used(file)]
    StoredFile.objects.filter(id__in=[file.id for file in unused]).delete()
    _unlink([file.path for file in unused])


def _unlink(paths: list[str]) -> None:
    root = Path(settings.FILES_ROOT)
    for path in paths:
        try:
            (root / path).unlink(missing_ok=True)
        except OSError as error:
            logger.warning("file_not_removed", error=type(error).__name__)
