"""What a box may offer: the items that the connection's own list operation answered last."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from connections.models import Connection
from definitions.schema import Placeholder
from operations.models import OPEN, Origin, Run, State

OFFERED = 500  # values in one box
STALE = timedelta(hours=12)  # older answers are asked for again when the form opens
LABELS = ("name", "filename", "status", "owned_by")  # fields that tell people which item an id is


def latest(connection: Connection, list_key: str) -> Run | None:
    """Return the last good answer of a list operation through this connection."""
    resource, _, name = list_key.partition(".")
    runs = Run.objects.filter(connection=connection, resource=resource, operation=name, state=State.SUCCEEDED)
    return runs.order_by("-id").first()


def offers(connection: Connection, placeholders: Iterable[Placeholder]) -> dict[str, list[tuple[str, str]]]:
    """Return (value, label) pairs for every placeholder that has a picker whose list was asked before."""
    found: dict[str, list[tuple[str, str]]] = {}
    for placeholder in placeholders:
        run = latest(connection, placeholder.picker) if placeholder.picker else None
        if run is not None:
            found[placeholder.name] = values(run.items, placeholder)
    return found


def values(items: list[dict[str, Any]] | None, placeholder: Placeholder) -> list[tuple[str, str]]:
    """Return the pairs that a list's items offer to this placeholder."""
    named = ((item.get(placeholder.picks), item) for item in items or ())
    pairs = [(str(value), _label(item)) for value, item in named if isinstance(value, str | int)]
    return pairs[:OFFERED]


def is_stale(run: Run | None) -> bool:
    """Say whether a box should ask again by itself."""
    return run is None or timezone.now() - run.created_at > STALE


def under_way(connection: Connection, list_key: str) -> Run | None:
    """Return the question that is being asked now, if any, so that ten open forms ask once."""
    resource, _, name = list_key.partition(".")
    runs = Run.objects.filter(connection=connection, resource=resource, operation=name, state__in=OPEN)
    return runs.filter(origin=Origin.PICKER).order_by("-id").first()


def _label(item: dict[str, Any]) -> str:
    return " · ".join(str(item[name]) for name in LABELS if item.get(name))
