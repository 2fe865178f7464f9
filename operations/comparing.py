"""Two runs side by side: what was asked, what went out and what came back, with the differences marked."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from operations import showing
from operations.models import Answer, Run

MOST = 500  # rows of one comparison
MISSING = object()


@dataclass(frozen=True, slots=True)
class Pair:
    """One place in both: its path, both values as text, and whether they differ."""

    place: str
    left: str
    right: str
    differs: bool


def compare(left: Run, right: Run) -> list[tuple[str, list[Pair]]]:
    """Return (title, pairs) for the facts, the inputs and the answers of two runs."""
    return [
        (gettext("Facts"), pairs(facts(left), facts(right))),
        (gettext("Inputs"), pairs(left.inputs, right.inputs)),
        (gettext("Request"), pairs(_request(left), _request(right))),
        (gettext("Answer"), pairs(_answer(left), _answer(right))),
    ]


def facts(run: Run) -> dict[str, Any]:
    """Return the figures that people compare."""
    return {
        "operation": run.operation_key,
        "connection": run.connection_name,
        "state": run.state,
        "status": run.status,
        "seconds": round(run.duration.total_seconds(), 3) if run.duration else None,
        "attempts": run.attempt_count,
        "model": run.model,
        "total_tokens": run.total_tokens,
        "error": run.error,
    }


def pairs(left: Any, right: Any) -> list[Pair]:
    """Return every leaf of both documents by its path, in the order of the left one."""
    ours, theirs = dict(leaves(left)), dict(leaves(right))
    places = [*ours, *(place for place in theirs if place not in ours)][:MOST]
    return [
        Pair(
            place,
            _text(ours.get(place, MISSING)),
            _text(theirs.get(place, MISSING)),
            ours.get(place, MISSING) != theirs.get(place, MISSING),
        )
        for place in places
    ]


def leaves(value: Any, place: str = "") -> list[tuple[str, Any]]:
    """Return (path, value) for every leaf of a document."""
    if isinstance(value, dict) and value:
        children = [(f"{place}.{name}" if place else str(name), item) for name, item in value.items()]
    elif isinstance(value, list) and value:
        children = [(f"{place}[{index}]", item) for index, item in enumerate(value)]
    else:
        return [(place, value)]
    return [leaf for path, item in children for leaf in leaves(item, path)]


def _request(run: Run) -> Any:
    attempt = run.attempts.order_by("-number").first()
    return (attempt.request or {}) if attempt else {}


def _answer(run: Run) -> Any:
    answer = Answer.objects.select_related("file").filter(run=run).first()
    document = showing.document_of(answer)
    return document if document is not None else showing.text_of(answer) or {}


def _text(value: Any) -> str:
    return "" if value is MISSING else str(value)
