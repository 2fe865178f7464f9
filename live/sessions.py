"""Who stands behind a session cookie, asked of Django's session store outside of any view."""

import time
from collections.abc import Iterable, Mapping
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

Headers = Iterable[tuple[bytes, bytes]]


def session_key(headers: Headers) -> str:
    """Return the session's key out of the Cookie headers, or "" when there is none."""
    cookies = SimpleCookie()
    for name, value in headers:
        if name == b"cookie":
            try:
                cookies.load(value.decode("latin-1"))
            except CookieError:
                return ""
    found = cookies.get(settings.SESSION_COOKIE_NAME)
    return found.value if found else ""


def is_over(session: Mapping[str, Any], now: float) -> bool:
    """Say whether a session is too old, or nobody used it for too long; `people.sitting` notes both times."""
    began, seen = session.get("began", now), session.get("seen", now)
    return bool(now - began > settings.SESSION_COOKIE_AGE or now - seen > settings.IDLE_SECONDS)


def person(key: str) -> AbstractBaseUser | None:
    """Return who is signed in under this key, or None: expired, idle, signed out, off, password changed."""
    if not key:
        return None
    request: Any = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    found = get_user(request)
    ends = not found.is_active or is_over(request.session, time.time())
    return None if ends or not found.is_authenticated else found
