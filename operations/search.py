"""Full-text search over what was asked and answered, made to use its index whatever the word."""

from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db import connection as database
from django.db import transaction
from django.db.models import Value

from audit import pages
from operations.models import Run, Words

MOST = 32_768  # characters of a run that are searched
FEW = (
    2_000  # hits up to which all are fetched and sorted; a word with more is common, and the newest are near
)

# With LIMIT the planner walks the newest rows and hopes; for a word that hardly occurs that is the whole
# table.
# The words of the run that a statement calls `ended` (see `answers`).
INDEX = """INSERT INTO operations_words (run_id, vector) SELECT id, to_tsvector('simple', %s) FROM ended
ON CONFLICT (run_id) DO UPDATE SET vector = excluded.vector"""
HITS = "SELECT run_id FROM operations_words WHERE vector @@ websearch_to_tsquery('simple', %s) LIMIT %s"
TAGGED = "SELECT id FROM operations_run WHERE tags @> %s::varchar[] LIMIT %s"


def index(run: Run, *texts: str) -> None:
    """Write down the words of a run that ended: its inputs, what came back, and its ids."""
    vector = SearchVector(Value(words(run, *texts)), config="simple")
    row = Words(run=run, vector=vector)
    Words.objects.bulk_create([row], update_conflicts=True, unique_fields=["run"], update_fields=["vector"])


def words(run: Run, *texts: str) -> str:
    """Return the text that a search finds the run by."""
    parts = [run.operation_key, run.object_id, run.request_id, run.error, *_leaves(run.inputs), *texts]
    return " ".join(filter(None, parts))[:MOST]


def narrow(rows: pages.Rows, text: str) -> pages.Rows:
    """Return the runs that contain these words (“"a phrase" word -without”), or the one with this id."""
    run = Run.objects.by_ref(text)
    if run is not None:
        return rows.filter(pk=run.pk)
    found = hits(text)
    if len(found) <= FEW:
        return rows.filter(pk__in=found)
    return rows.filter(words__vector=SearchQuery(text, config="simple", search_type="websearch"))


def tagged(rows: pages.Rows, tag: str) -> pages.Rows:
    """Return the runs with this tag; a rare one by its index, for the same reason as a rare word."""
    found = _found(TAGGED, [tag])
    return rows.filter(pk__in=found) if len(found) <= FEW else rows.filter(tags__contains=[tag])


def hits(text: str) -> list[int]:
    """Return the ids of the runs with these words, at most one more than FEW, always by the index."""
    return _found(HITS, text)


def _found(sql: str, value: Any) -> list[int]:
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(sql, [value, FEW + 1])
        found = [row[0] for row in cursor.fetchall()]
        cursor.execute("SET LOCAL enable_seqscan = on")
    return found


def _leaves(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in _leaves(item)]
    if isinstance(value, list):
        return [text for item in value for text in _leaves(item)]
    return [str(value)] if value not in (None, "") else []
