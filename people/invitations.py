"""One-time links: making, finding and accepting them. The token is seen once, by the one who made it."""

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_noop

from audit import log
from people.models import Invitation, Person, Role

LIFETIME = timedelta(hours=72)  # long enough for a weekend


class LinkUsed(Exception):
    """This link has been used, was withdrawn, or has expired: ask an admin for a new one."""


def invite(
    role: str,
    *,
    by: Person | None = None,
    note: str = "",
    person: Person | None = None,
    request: HttpRequest | None = None,
) -> tuple[Invitation, str]:
    """Make a link; return it and its address, which is shown once. With `person` it sets a new password."""
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        invitation = Invitation.objects.create(
            digest=_digest(token),
            role=role,
            note=note,
            person=person,
            created_by=by,
            expires_at=timezone.now() + LIFETIME,
        )
        action = "person.reset_offered" if person else "person.invited"
        log.record(action, person=by, request=request, target=person or invitation, after={"role": role})
    return invitation, f"{settings.PUBLIC_URL}{reverse('people:welcome', args=[token])}"


def first_link() -> str | None:
    """Return a link with which the first person becomes admin, or None when there is someone already."""
    if Person.objects.exists():
        return None
    Invitation.objects.waiting().update(withdrawn_at=timezone.now())  # an earlier start's link
    return invite(Role.ADMIN, note=gettext_noop("The first person"))[1]


def find(token: str) -> Invitation:
    """Return the invitation of a token. Raises LinkUsed when it cannot be used, whatever the reason."""
    invitation = Invitation.objects.waiting().select_related("person").filter(digest=_digest(token)).first()
    if invitation is None:
        raise LinkUsed
    return invitation


def accept(token: str, username: str, password: str, request: HttpRequest) -> Person:
    """Use the link: make the person, or give the one it is for a new password. Raises LinkUsed."""
    with transaction.atomic():
        Invitation.objects.select_for_update().filter(digest=_digest(token)).first()
        invitation = find(token)  # again, now that nobody else can use it
        if invitation.is_first and Person.objects.exists():
            raise LinkUsed
        person = invitation.person or Person(username=username, role=invitation.role)
        person.set_password(password)
        person.save()
        invitation.close(timezone.now())
        action = "person.password_reset" if invitation.person else "person.joined"
        log.record(action, person=person, request=request, target=person, after={"role": person.role})
    return person


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
