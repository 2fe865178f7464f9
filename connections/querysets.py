"""Named sets of connections: who may see which, and which are still alive."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from people.models import Person, Role

if TYPE_CHECKING:
    from connections.models import Connection  # noqa: F401  # named in the generic below


class ConnectionQuerySet(models.QuerySet["Connection"]):
    """Named sets of connections."""

    def for_user(self, person: Person) -> "ConnectionQuerySet":
        """Return what this person may see and use: all, or what is open to all, to the role or by name."""
        if person.may(Role.ADMIN):
            return self
        roles = [role for role in Role.values if person.may(role)]
        named = person.connections.values("pk")
        return self.filter(Q(limited=False) | Q(limited_to_role__in=roles) | Q(pk__in=named))

    def enabled(self) -> "ConnectionQuerySet":
        """Leave out what is switched off."""
        return self.filter(enabled=True)

    def at(self, service: str) -> "ConnectionQuerySet":
        """Return the connections to one service, its default first."""
        return self.filter(service=service).order_by("-is_default", "name")

    def with_secrets(self) -> "ConnectionQuerySet":
        """Bring the sealed secrets along: one query for a whole page."""
        return self.prefetch_related("secrets")


class LivingConnections(models.Manager.from_queryset(ConnectionQuerySet)):  # type: ignore[misc]
    """The connections that were not deleted."""

    def get_queryset(self) -> ConnectionQuerySet:
        """Leave deleted ones out: their rows stay only so that runs and events keep their name."""
        found: ConnectionQuerySet = super().get_queryset().filter(deleted_at=None)
        return found
