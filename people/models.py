"""People, what each may do, and the one-time links with which they come in."""

from datetime import datetime

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit import ids


class Role(models.TextChoices):
    """What a person may do; each role may do what the one before it may."""

    VIEWER = "viewer", _("Viewer")
    OPERATOR = "operator", _("Operator")
    ADMIN = "admin", _("Admin")


ROLE_WORDS = {Role.VIEWER: _("viewer"), Role.OPERATOR: _("operator"), Role.ADMIN: _("admin")}  # in a sentence
RANK = {Role.VIEWER: 0, Role.OPERATOR: 1, Role.ADMIN: 2}


class Person(AbstractUser):
    """Someone who signs in. A viewer reads, an operator runs and replays, an admin configures."""

    role = models.CharField(max_length=16, choices=Role.choices, default=Role.VIEWER)
    language = models.CharField(max_length=8, blank=True)  # "": what the browser asks for

    def may(self, role: str) -> bool:
        """Say whether this person has at least `role`."""
        return self.is_active and RANK[Role(self.role)] >= RANK[Role(role)]

    @property
    def role_words(self) -> str:
        """What this person is, for the middle of a sentence."""
        return str(ROLE_WORDS[Role(self.role)])

    @property
    def is_last_admin(self) -> bool:
        """Whether nobody else could configure the house if this person went."""
        others = Person.objects.filter(role=Role.ADMIN, is_active=True).exclude(pk=self.pk)
        return self.role == Role.ADMIN and self.is_active and not others.exists()


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Invitations by what has become of them."""

    def waiting(self) -> "InvitationQuerySet":
        """Return those that can still be used."""
        return self.filter(used_at=None, withdrawn_at=None, expires_at__gt=timezone.now())


class Invitation(models.Model):
    """A link that works once and expires: to join, or (with `person`) to choose a new password.

    Only the digest of its token is kept, so that a copy of the database opens nothing.
    """

    digest = models.CharField(max_length=64, unique=True)
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.VIEWER)
    note = models.CharField(_("For whom"), max_length=120, blank=True)
    person = models.ForeignKey(Person, models.CASCADE, null=True, related_name="+")
    created_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return self.note or self.get_role_display()

    @property
    def is_first(self) -> bool:
        """Whether the house made it for its first person: nobody else may use it."""
        return self.created_by_id is None and self.person_id is None and self.role == Role.ADMIN

    def close(self, at: datetime) -> None:
        """Mark the link as used."""
        self.used_at = at
        self.save(update_fields=["used_at"])


class Notice(models.Model):
    """A message about work that ended in the background; with `awaits`, told only once it has ended."""

    id = models.BigIntegerField(primary_key=True, default=ids.new_id, editable=False)
    person = models.ForeignKey(Person, models.CASCADE, null=True, related_name="+")  # None: every admin
    text = models.CharField(max_length=200)  # English, with %(names)s
    values = models.JSONField(default=dict)
    url = models.CharField(max_length=500, blank=True)
    awaits = models.CharField(max_length=16, blank=True)  # “runs” or “events”: `rows` are their ids
    rows = ArrayField(models.BigIntegerField(), default=list, blank=True)

    def __str__(self) -> str:
        return str(self.text % self.values)
