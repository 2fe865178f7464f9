"""What the history can be asked: the filters of the run list."""

from collections.abc import Sequence

from django.contrib.auth import get_user_model

from audit import pages
from connections.models import ConnectionQuerySet
from definitions import catalog
from operations.models import Origin, State


def filters(visible: ConnectionQuerySet) -> Sequence[pages.Filter]:
    """Return the filters of the run list, with the choices that this person has."""
    return (
        pages.exact("state", "State", State.choices),
        pages.exact("connection", "Connection", lambda: [(str(one.pk), one.name) for one in visible]),
        pages.exact("resource", "Resource", resources),
        pages.Filter("operation", "Operation", by_operation, hint="batches.create"),
        pages.exact("origin", "Asked by", Origin.choices),
        pages.exact("person", "Person", people),
        pages.Filter("tag", "Tag", lambda rows, value: rows.filter(tags__contains=[value])),
        pages.since(),
        pages.until(),
    )


def resources() -> list[tuple[str, str]]:
    """Return the resources of all services."""
    handles = {one.handle for service in catalog.services() for one in service.resources}
    return [(handle, handle) for handle in sorted(handles)]


def people() -> list[tuple[str, str]]:
    """Return everybody who has an account."""
    return [
        (str(pk), name)
        for pk, name in get_user_model().objects.order_by("username").values_list("pk", "username")
    ]


def by_operation(rows: pages.Rows, value: str) -> pages.Rows:
    """Narrow to `resource.operation`, or to every operation of one name."""
    resource, dot, name = value.rpartition(".")
    return rows.filter(resource=resource, operation=name) if dot else rows.filter(operation=value)
