"""Full-text search over what was asked and answered, made to use its index whatever the word."""

from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db import connection as database
from django.db import transaction
from django.db.models import Q, Value

from audit import pages
from audit.along import Way
from operations.models import Run, Words

MOST = 32_768  # characters of a run that are searched
FEW = (
    2_000  # hits up to which all are fetched and sorted; a word with more is common, and the newest are near
)
# A tag that one in ten of the newest tagged runs has is walked to past the others. To count by the index
# whether another one is rare reads those runs, oldest first, and 10,000 places take 2 ms beside.
LOOKED_AT, OFTEN, FEW_TAGGED = 200, 10, 500

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


def tagged(rows: pages.Rows, tag: str) -> pages.Rows | Way:
    """Return the runs with this tag: of a common one the newest among those with any tag, a rare one by its
    index, for the same reason as a rare word.
    """
    newest = Run.objects.filter(tags__len__gt=0).order_by("-pk").values_list("tags", flat=True)[:LOOKED_AT]
    lately = [tag in tags for tags in newest]
    if sum(lately) * OFTEN < len(lately):
        found = _found(TAGGED, [tag], FEW_TAGGED)
        if len(found) <= FEW_TAGGED:
            return rows.filter(pk__in=found)
    return Way(Q(tags__len__gt=0, tags__contains=[tag]))


def hits(text: str) -> list[int]:
    """Return the ids of the runs with these words, at most one more than FEW, always by the index."""
    return _found(HITS, text, FEW)


def _found(sql: str, value: Any, few: int) -> list[int]:
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(sql, [value, few + 1])
        found = [row[0] for row in cursor.fetchall()]
        cursor.execute("SET LOCAL enable_seqscan = on")
    return found


def _leaves(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in _leaves(item)]
    if isinstance(value, list):
        return [text for item in value for text in _leaves(item)]
    return [str(value)] if value not in (None, "") else []
