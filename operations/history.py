"""What the history can be asked: the filters of the run list, what of it is live, and what an export
holds."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q
from django.utils.translation import gettext

from audit import along, ids, pages
from audit.along import Way
from connections.models import ConnectionQuerySet
from definitions import catalog
from operations import search
from operations.models import BAD, BADLY, OPEN, Origin, Run, State

LIVE = {"state", "connection", "resource", "operation"}  # filters that the live line can answer by itself
USUAL = ("q", "state", "connection", "operation")  # the others stand behind “More filters”
EITHER = "bad"  # a choice of the state filter that is no state
COLUMNS = (
    "id",
    "state",
    "operation",
    "connection",
    "asked_at",
    "asked_by",
    "origin",
    "seconds",
    "status",
    "error_code",
    "error",
    "object_id",
    "model",
    "input_tokens",
    "output_tokens",
    "cost",
    "tags",
    "note",
    "inputs",
    "fields",
    "items",
)


def filters(visible: ConnectionQuerySet) -> Sequence[pages.Filter]:
    """Return the filters of the run list, with the choices that this person has."""
    return (
        pages.Filter("q", gettext("Search"), search.narrow, hint=gettext("asked or answered")),
        pages.Filter(
            "state", gettext("State"), by_state, (*State.choices, (EITHER, gettext("Failed or unknown")))
        ),
        pages.exact(
            "connection",
            gettext("Connection"),
            lambda: [(str(pk), name) for pk, name in visible.values_list("pk", "name")],
        ),
        pages.exact("resource", gettext("Resource"), resources),
        pages.Filter("operation", gettext("Operation"), by_operation, hint="batches.create"),
        pages.Filter("origin", gettext("Asked by"), by_origin, Origin.choices),
        pages.exact("person", gettext("Person"), people),
        pages.Filter("tag", gettext("Tag"), search.tagged),
        pages.since(),
        pages.until(),
    )


def unlisted(rows: pages.Rows, query: Mapping[str, str]) -> pages.Rows:
    """Narrow by what only links ask for: a bulk job's runs, an object's runs."""
    if ref := query.get("bulk"):
        try:
            rows = rows.filter(bulk=ids.decode("bulk", ref))
        except ValueError:
            return rows.none()
    return rows.filter(object_id=query["object"][:200]) if query.get("object") else rows


def resources() -> list[tuple[str, str]]:
    """Return the resources of all services."""
    handles = {one.handle for service in catalog.services() for one in service.resources}
    return [(handle, handle) for handle in sorted(handles)]


def people() -> list[tuple[str, str]]:
    """Return everybody who has an account."""
    names = get_user_model().objects.order_by("username").values_list("pk", "username")
    return [(str(pk), name) for pk, name in names]


def by_state(rows: pages.Rows, value: str) -> pages.Rows | Way:
    """Narrow to a state, or to the two that the overview counts as bad; most runs succeed, and are walked
    over.
    """
    if value == EITHER:
        return Way(BAD)
    if value in OPEN:
        return Way(Q(state=value))
    found = along.way(rows, {"state": value}) if value in BADLY else None
    return found or rows.filter(state=value)


def by_origin(rows: pages.Rows, value: str) -> pages.Rows | Way:
    """Narrow by who asked; people ask for most runs, which are walked over."""
    found = None if value == Origin.PERSON else along.way(rows, {"origin": value})
    return found or rows.filter(origin=value)


def by_operation(rows: pages.Rows, value: str) -> pages.Rows | Way:
    """Narrow to `resource.operation`. Raises ValueError for a bare name, which no index could answer."""
    resource, dot, name = value.rpartition(".")
    if not dot:
        raise ValueError(gettext("Write resource.operation, for example batches.create."))
    asked = {"resource": resource, "operation": name}
    return along.way(rows, asked) or rows.filter(**asked)


def records(runs: Iterable[Run]) -> Iterable[Mapping[str, Any]]:
    """Return what an export writes of each run."""
    return (record(run) for run in runs)


def record(run: Run) -> dict[str, Any]:
    """Return one run as a line of an export."""
    same = ("state", "origin", "status", "error_code", "error", "object_id", "model", "input_tokens")
    more = ("output_tokens", "cost", "tags", "note", "inputs", "fields", "items")
    return {name: getattr(run, name) for name in (*same, *more)} | {
        "id": run.ref,
        "operation": run.operation_key,
        "connection": run.connection_name,
        "asked_at": run.created_at.isoformat(),
        "asked_by": run.person.get_username() if run.person else "",
        "seconds": run.duration.total_seconds() if run.duration else None,
    }
