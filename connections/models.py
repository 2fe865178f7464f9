"""Connections: one account at one service each, who may use it, and where it is reached."""

import uuid
from functools import cached_property

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse

from connections import hosts
from connections.crypto import SealError
from connections.secrets import Canary, Secret, SecretQuerySet
from definitions import catalog
from definitions.schema import Service
from people.models import Person, Role

__all__ = ["Canary", "Connection", "ConnectionQuerySet", "Locked", "Secret", "SecretQuerySet"]


class Locked(SealError):
    """This connection cannot be used; the text says why and what to do."""


class ConnectionQuerySet(models.QuerySet["Connection"]):
    """Named sets of connections."""

    def for_user(self, person: Person) -> "ConnectionQuerySet":
        """Return what this person may see and use: all, or what is open to all, to the role or by name."""
        if person.may(Role.ADMIN):
            return self
        roles = [role for role in Role.values if person.may(role)]
        named = Connection.people.through.objects.filter(person=person).values("connection")
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


class Connection(models.Model):
    """One account at one service: its credentials, its endpoint, who may use it.

    Deleting erases the secrets and closes the endpoint at once. The row stays, out of sight, for a cascade
    over a million events would hold the door up: history reads `everything`, all else reads `objects`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=100)
    service = models.CharField(max_length=100)
    base_url = models.CharField(max_length=500, blank=True)
    options = models.JSONField(
        default=dict, blank=True
    )  # optional headers by placeholder name; nothing secret
    enabled = models.BooleanField(default=True)
    paused = models.BooleanField(default=False)  # the endpoint accepts and holds
    practice = models.BooleanField(default=False)
    is_default = models.BooleanField(default=False)
    endpoint = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    limited = models.BooleanField(default=False)  # else everybody who is signed in
    limited_to_role = models.CharField(max_length=16, blank=True, choices=Role.choices)
    people = models.ManyToManyField(Person, blank=True, related_name="connections")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    created_by = models.ForeignKey(
        Person, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    deleted_at = models.DateTimeField(null=True, editable=False)

    objects = LivingConnections()
    everything = ConnectionQuerySet.as_manager()

    class Meta:
        """Names are unique among the living; each service has at most one default."""

        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["name"],
                condition=Q(deleted_at=None),
                name="connection_name_once",
                violation_error_message="There is a connection of this name already.",
            ),
            models.UniqueConstraint(
                fields=["service"],
                condition=Q(is_default=True, deleted_at=None),
                name="connection_default_once",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the page about this connection."""
        return reverse("connections:detail", args=[self.pk])

    @property
    def definition(self) -> Service:
        """The service this connects to. Raises catalog.UnknownService when its definition is not loaded."""
        return catalog.service(self.service)

    @property
    def effective_base_url(self) -> str:
        """Where calls go: the practice service, its own base URL, or the definition's. Raises Locked."""
        if self.practice and not settings.SIMULATOR_URL:
            raise Locked("The practice service does not run: it starts with `make run`.")
        if self.practice:
            return str(settings.SIMULATOR_URL)
        return self.base_url or self.definition.base_url

    @property
    def bound_to(self) -> str:
        """The origin that the credentials are sealed for; for another they do not open (threats.md, T15)."""
        return "practice" if self.practice else hosts.origin(self.effective_base_url)

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """The names of hosts that may see the credentials; compared exactly, never by suffix."""
        return frozenset({hosts.host(self.effective_base_url)})

    @property
    def endpoint_url(self) -> str:
        """The URL that the service posts its webhooks to."""
        return f"{settings.PUBLIC_URL}/webhooks/{self.endpoint}"

    @property
    def endpoint_state(self) -> str:
        """One of disabled, needs_secret, paused, ready."""
        if not self.enabled:
            return "disabled"
        if not any(secret.is_signing for secret in self.secrets.all()):
            return "needs_secret"
        return "paused" if self.paused else "ready"

    @cached_property
    def locked(self) -> str:
        """Why this connection cannot be used, as a sentence; empty when it can."""
        try:
            self._open(self.secrets.all())
        except Locked as error:
            return str(error)
        return ""

    def credentials(self) -> dict[str, str]:
        """Return placeholder name -> secret value: the only unsealing for calls. Raises Locked.

        The caller forgets the values when the call is over: never logged, never stored, never in a task.
        """
        rows = [secret for secret in self.secrets.all() if not secret.is_signing]
        opened = self._open(rows)
        Secret.objects.filter(connection=self).credentials().used()
        return opened

    def _open(self, rows: "list[Secret] | models.QuerySet[Secret]") -> dict[str, str]:
        try:
            return {secret.name: secret.reveal(self) for secret in rows}
        except catalog.UnknownService:
            raise Locked(f"No definition of the service {self.service} is loaded: put it back.") from None
        except SealError as error:
            raise Locked(f"The secrets of “{self.name}” are locked. {error}") from None
