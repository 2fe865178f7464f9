"""Connections: one account at one service each, who may use it, and where it is reached."""

import uuid
from datetime import datetime
from functools import cached_property

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from django.views.decorators.debug import sensitive_variables

from connections import hosts
from connections.crypto import SealError
from connections.querysets import ConnectionQuerySet, LivingConnections
from connections.secrets import Canary, Secret, SecretQuerySet
from definitions import catalog
from definitions.schema import Placeholder, Service
from people.models import Person, Role

__all__ = [
    "Canary",
    "Connection",
    "ConnectionQuerySet",
    "LivingConnections",
    "Locked",
    "Secret",
    "SecretQuerySet",
]


ENDPOINT_WORDS = {
    "ready": _("Webhooks that are signed with the secret are accepted."),
    "needs_secret": _("No signing secret is entered: every webhook is refused until there is one."),
    "locked": _(
        "The signing secret does not open: webhooks are answered 503, so that they come again, "
        "until its key is back in the key ring."
    ),
    "paused": _("Webhooks are accepted and held; nothing reacts to them."),
    "disabled": _("The endpoint answers 404."),
}


class Locked(SealError):
    """This connection cannot be used; the text says why and what to do."""


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
                violation_error_message=_("There is a connection of this name already."),
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
            raise Locked(gettext_noop("The practice service does not run: it starts with `make run`."))
        if self.practice:
            return f"{settings.SIMULATOR_URL}/{self.service}"  # the simulator plays every service
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
    def endpoint_is_public(self) -> bool:
        """Say whether a service on the internet may post there: they all want https."""
        return self.endpoint_url.startswith("https://")

    @property
    def bare_path(self) -> str:
        """One of the service's published webhook paths, as an example of them; empty when it has none."""
        return next((event.path for event in self.known.events if event.path), "") if self.known else ""

    @property
    def endpoint_state(self) -> str:
        """One of disabled, needs_secret, locked, paused, ready: what the door would do with a delivery."""
        if not self.enabled:
            return "disabled"
        if not self.signing_rows:
            return "needs_secret"
        if not any(secret.opens(self) for secret in self.signing_rows):
            return "locked"
        return "paused" if self.paused else "ready"

    @property
    def known(self) -> Service | None:
        """The service this connects to, or None when its definition is not loaded: for pages, which go on."""
        try:
            return self.definition
        except catalog.UnknownService:
            return None

    @property
    def service_label(self) -> str:
        """What people call the service."""
        return self.known.short if self.known else self.service

    @property
    def shown_base_url(self) -> str:
        """Where calls go, or why they go nowhere; for people."""
        try:
            return self.effective_base_url
        except (Locked, catalog.UnknownService) as error:
            return str(error)

    @property
    def state(self) -> str:
        """One of locked, disabled, enabled."""
        if self.locked:
            return "locked"
        return "enabled" if self.enabled else "disabled"

    @property
    def endpoint_words(self) -> str:
        """What the endpoint's state means."""
        return str(ENDPOINT_WORDS[self.endpoint_state])

    @property
    def placeholders(self) -> tuple[Placeholder, ...]:
        """What the service calls its credentials."""
        return self.known.auth.placeholders if self.known else ()

    @property
    def setup_steps(self) -> tuple[str, ...]:
        """How to point the service's webhooks here."""
        return self.known.setup_steps if self.known else ()

    @property
    def current_secrets(self) -> list[Secret]:
        """Its secrets without a previous signing secret."""
        return [secret for secret in self.secrets.all() if not secret.valid_until]

    @property
    def credential_rows(self) -> list[Secret]:
        """The secrets that calls are made with."""
        return [secret for secret in self.secrets.all() if not secret.is_signing]

    @property
    def signing_rows(self) -> list[Secret]:
        """The signing secrets, the current one first."""
        rows = [secret for secret in self.secrets.all() if secret.is_signing]
        return sorted(rows, key=lambda secret: secret.label)

    @property
    def has_previous_secret(self) -> bool:
        """Say whether the signing secret before is still good."""
        now = timezone.now()
        return any(secret.valid_until and secret.valid_until > now for secret in self.signing_rows)

    @property
    def last_used_at(self) -> datetime | None:
        """When a secret of it was last used."""
        return max((one.last_used_at for one in self.secrets.all() if one.last_used_at), default=None)

    @cached_property
    def locked(self) -> str:
        """Why this connection cannot be used, as a sentence; empty when it can."""
        try:
            self._open(self.secrets.all())
        except Locked as error:
            return str(error)
        return ""

    @sensitive_variables()
    def credentials(self) -> dict[str, str]:
        """Return placeholder name -> secret value: the only unsealing for calls. Raises Locked.

        The caller forgets the values when the call is over: never logged, never stored, never in a task.
        """
        rows = self.credential_rows
        opened = self._open(rows)
        if any(row.is_long_unused for row in rows):
            Secret.objects.filter(connection=self).credentials().used()
        return opened

    @sensitive_variables()
    def _open(self, rows: "list[Secret] | models.QuerySet[Secret]") -> dict[str, str]:
        try:
            return {secret.name: secret.reveal(self) for secret in rows}
        except catalog.UnknownService:
            raise Locked(
                gettext_noop("No definition of the service {service} is loaded: put it back.").format(
                    service=self.service
                )
            ) from None
        except SealError as error:
            raise Locked(
                gettext_noop("The secrets of “{name}” are locked. {error}").format(
                    name=self.name, error=error
                )
            ) from None
