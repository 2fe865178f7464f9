"""People and what each may do."""

from django.contrib.auth.models import AbstractUser
from django.db import models


class Role(models.TextChoices):
    """What a person may do; each role may do what the one before it may."""

    VIEWER = "viewer", "Viewer"
    OPERATOR = "operator", "Operator"
    ADMIN = "admin", "Admin"


RANK = {Role.VIEWER: 0, Role.OPERATOR: 1, Role.ADMIN: 2}


class Person(AbstractUser):
    """Someone who signs in. The role decides: a viewer reads, an operator runs and replays, an admin configures."""

    role = models.CharField(max_length=16, choices=Role.choices, default=Role.VIEWER)

    def may(self, role: str) -> bool:
        """Say whether this person has at least `role`."""
        return self.is_active and RANK[Role(self.role)] >= RANK[Role(role)]
