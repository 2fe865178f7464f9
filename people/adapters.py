"""Our word in allauth's flows: nobody signs up by themselves, and each sign-in is on the audit trail."""

import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest, HttpResponse

from audit import log
from people.access import is_fresh


class AccountAdapter(DefaultAccountAdapter):
    """Accounts come from invitations only."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up: an admin invites."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the peer's address; a forwarded one is believed only where the server was told to."""
        return str(request.META.get("REMOTE_ADDR") or "127.0.0.1")

    def add_message(self, request: HttpRequest, level: int, *args: Any, **kwargs: Any) -> None:
        """Leave out “you have signed in as …”: the page says so itself; keep warnings."""
        if not str(kwargs.get("message_template", args[:1])).count("logged_"):
            super().add_message(request, level, *args, **kwargs)

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **kwargs: Any) -> HttpResponse:
        """Write the sign-in down."""
        log.record("person.signed_in", person=user, request=request, target=user)
        return super().post_login(request, user, **kwargs)

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        """Begin the session's own clock with the sign-in."""
        super().login(request, user)
        request.session["began"] = request.session["seen"] = time.time()

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Ask again by our own rule: a sign-in of the last five minutes is proof enough."""
        return not is_fresh(context.request)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Write a refused sign-in down, under the name that was typed."""
        log.record("person.sign_in_refused", request=request, note=str(credentials.get("username", ""))[:150])

    def logout(self, request: HttpRequest) -> None:
        """Write the sign-out down."""
        log.record("person.signed_out", request=request, target=request.user if request.user.pk else None)
        super().logout(request)
