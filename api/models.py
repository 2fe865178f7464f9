"""API tokens: what each may do, for whom, and until when."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from people.models import RANK, Person, Role


class Scope(models.TextChoices):
    """What a token may do; never more than its owner."""

    READ = "read", _("Read")
    RUN = "run", _("Run and replay")
    ADMIN = "admin", _("Administer")


SCOPE_ROLE = {Scope.READ: Role.VIEWER, Scope.RUN: Role.OPERATOR, Scope.ADMIN: Role.ADMIN}


class TokenQuerySet(models.QuerySet["Token"]):
    """Tokens by whether they open anything."""

    def alive(self) -> "TokenQuerySet":
        """Return those that are neither withdrawn nor expired and whose owner is not shut out."""
        return self.filter(withdrawn_at=None, expires_at__gt=timezone.now(), person__is_active=True)


class Token(models.Model):
    """A key to the REST API. It is shown once; kept are its digest and its last four characters."""

    digest = models.CharField(max_length=64, unique=True)
    last4 = models.CharField(max_length=4)
    name = models.CharField(max_length=100)
    scope = models.CharField(max_length=8, choices=Scope.choices, default=Scope.READ)
    connections = ArrayField(models.UUIDField(), default=list, blank=True)  # empty: all that the owner sees
    person = models.ForeignKey(Person, models.CASCADE, related_name="tokens")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    objects = TokenQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return self.name

    def may(self, role: str) -> bool:
        """Say whether this token and its owner both reach `role`."""
        return RANK[SCOPE_ROLE[Scope(self.scope)]] >= RANK[Role(role)] and self.person.may(role)

    @property
    def is_alive(self) -> bool:
        """Whether it opens anything."""
        return self.withdrawn_at is None and self.expires_at > timezone.now() and self.person.is_active
