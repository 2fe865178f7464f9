"""Who calls: the token of the request, and the rows that lie open to it."""

from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja.security import HttpBearer

from api import tokens
from api.models import Token
from api.problems import Problem
from connections.models import Connection, ConnectionQuerySet
from operations.models import Run
from people.models import Person
from webhooks.models import Event, EventQuerySet, Rejection

Rows = TypeVar("Rows", bound=QuerySet[Any])


@dataclass(frozen=True)
class Caller:
    """A token and its owner. Every row is asked for through here, so that no route forgets a limit."""

    token: Token

    @property
    def person(self) -> Person:
        """Whose token it is."""
        return self.token.person

    def needs(self, role: str) -> None:
        """Raise a 403 unless the token and its owner both reach `role`."""
        if not self.token.may(role):
            raise Problem(403, f"This needs a token that may do what the role “{role}” may.")

    def connections(self) -> ConnectionQuerySet:
        """Return the connections that the owner sees and the token names."""
        rows: ConnectionQuerySet = Connection.objects.for_user(self.person)
        return rows.filter(pk__in=self.token.connections) if self.token.connections else rows

    def runs(self) -> QuerySet[Run]:
        """Return the runs through those connections."""
        return self._within(Run.objects.for_user(self.person))

    def events(self) -> EventQuerySet:
        """Return the events of those connections."""
        return self._within(Event.objects.for_user(self.person))

    def refusals(self) -> QuerySet[Rejection]:
        """Return the refused deliveries of those connections."""
        return self._within(Rejection.objects.for_user(self.person))

    def _within(self, rows: Rows) -> Rows:
        return rows.filter(connection__in=self.token.connections) if self.token.connections else rows


class Bearer(HttpBearer):
    """Reads `Authorization: Bearer swb_…`."""

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:
        """Return the caller, or None (401) for a token that opens nothing."""
        found = tokens.find(token)
        return Caller(found) if found else None


def of(request: HttpRequest) -> Caller:
    """Return the caller of a request that came through Bearer."""
    caller = getattr(request, "auth", None)
    if not isinstance(caller, Caller):
        raise Problem(401, "Send a token: Authorization: Bearer swb_…")
    return caller
