"""The checks in front of a view: the role that it needs, and a recent proof of who is there."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext

from people.models import Person

View = Callable[..., HttpResponseBase]


def person_of(request: HttpRequest) -> Person:
    """Return who asks, for views behind the sign-in; raises PermissionDenied when nobody is signed in."""
    if not isinstance(request.user, Person):
        raise PermissionDenied(gettext("Sign in first."))
    return request.user


def role_required(role: str) -> Callable[[View], View]:
    """Let only people with at least `role` through; others get the 403 page, which says who can grant it."""

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not person_of(request).may(role):
                raise PermissionDenied(gettext("This needs the role “{role}”.").format(role=role))
            return view(request, *args, **kwargs)

        checked.role = role  # type: ignore[attr-defined]  # the matrix test reads it
        return checked

    return decorate


def fresh_required(view: View) -> View:
    """Ask for the password (or a second factor) again when the last proof is older than five minutes.

    Asked before the form is shown, too. A form posted too late is asked for again and its content is not kept
    in the session, as allauth would do, because it may hold a secret.
    """

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if is_fresh(request):
            return view(request, *args, **kwargs)
        if request.method == "POST":
            messages.warning(request, gettext("It is you; please send the form once more."))
        back = urlencode(
            {"next": request.get_full_path() if request.method == "GET" else _from_page(request)}
        )
        return HttpResponseRedirect(f"{reverse('account_reauthenticate')}?{back}")

    checked.fresh = True  # type: ignore[attr-defined]
    return checked


def is_fresh(request: HttpRequest) -> bool:
    """Say whether this session's last proof of identity is recent enough for secrets, roles and keys."""
    records = get_authentication_records(request, request.user if request.user.is_authenticated else None)
    newest = max((float(record["at"]) for record in records), default=0.0)
    return time.time() - newest < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def _from_page(request: HttpRequest) -> str:
    """Return the page that the form stood on, as a path of ours: the post's own path may answer no GET."""
    referrer = urlsplit(request.META.get("HTTP_REFERER", ""))
    return (
        referrer.path if referrer.netloc == request.get_host() and referrer.path else reverse("overview:home")
    )
