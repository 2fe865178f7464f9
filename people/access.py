"""The one check of a role in front of a view."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

View = Callable[..., HttpResponseBase]


def role_required(role: str) -> Callable[[View], View]:
    """Let only people with at least `role` through; others get the 403 page, which says who can grant it."""

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not (request.user.is_authenticated and request.user.may(role)):
                raise PermissionDenied(f"This needs the role “{role}”.")
            return view(request, *args, **kwargs)

        checked.role = role  # type: ignore[attr-defined]  # the matrix test reads it
        return checked

    return decorate
