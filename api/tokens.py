"""API tokens: making, finding and withdrawing them. The token itself is seen once."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from api.models import Token
from audit import log
from people.models import Person

PREFIX = "swb_"  # so that scanners for leaked secrets know it
USED_STEP = timedelta(minutes=1)  # “last used” is written at most once a minute


def make(
    person: Person,
    name: str,
    scope: str,
    days: int,
    *,
    connections: Iterable[UUID] = (),
    request: HttpRequest | None = None,
) -> tuple[Token, str]:
    """Make a token and return it with its text, which nobody can show again."""
    text = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        token = Token.objects.create(
            digest=_digest(text),
            last4=text[-4:],
            name=name,
            scope=scope,
            connections=list(connections),
            person=person,
            expires_at=timezone.now() + timedelta(days=days),
        )
        after = {"scope": scope, "days": days, "connections": [str(one) for one in token.connections]}
        log.record("token.made", person=person, request=request, target=token, after=after)
    return token, text


def find(text: str) -> Token | None:
    """Return the living token of this text, marked as used; None for any other text."""
    token = Token.objects.alive().select_related("person").filter(digest=_digest(text)).first()
    if token:
        now = timezone.now()
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - USED_STEP)
        Token.objects.filter(stale, pk=token.pk).update(last_used_at=now)
    return token


def withdraw(token: Token, request: HttpRequest) -> None:
    """End a token at once."""
    with transaction.atomic():
        token.withdrawn_at = timezone.now()
        token.save(update_fields=["withdrawn_at"])
        log.record("token.withdrawn", request=request, target=token)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
