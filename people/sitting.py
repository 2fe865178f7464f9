"""How long a session lasts: it ends when nobody used it for a while, and at the latest after half a day."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext

from live import sessions
from people import factors
from people.access import person_of
from people.models import Person

STEP = 60  # seconds between two notes of “seen”: one write a minute, not one a request
BY_ITSELF = ("/attention/",)  # asked by open pages every minute: no sign that somebody is there
# What may be seen without a second factor: what is needed to add one, and nothing that opens another door.
QUIET = ("/sign-", "/welcome/", "/account/", "/static/")
CLOSED = ("/account/tokens/",)


class SignInMiddleware(LoginRequiredMiddleware):
    """Leads whoever is not signed in to signing in, and from there to a page that a browser can open."""

    def handle_no_permission(
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponseRedirect:
        """Say what became of a form that was sent; its own address may take nothing but POST."""
        if request.method != "GET":
            messages.info(request, _not_taken())
        return redirect_to_login(_page_of(request), reverse("people:sign_in"))


def sitting_middleware(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """End sessions that are too old or idle, and hold people to a second factor where it is required."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.user.is_authenticated:
            if _is_over(request):
                logout(request)
                messages.info(request, _why(request))
                return redirect_to_login(_page_of(request), reverse("people:sign_in"))
            if _lacks_second_factor(request):
                messages.info(request, gettext("Your role needs a second factor: add one here, then go on."))
                return HttpResponseRedirect(reverse("mfa_index"))
        response = get_response(request)
        response.headers.setdefault(
            "Cache-Control", "private, no-store"
        )  # pages hold what others must not see
        return response

    middleware.process_exception = _process_exception  # type: ignore[attr-defined]
    return middleware


def _process_exception(request: HttpRequest, problem: Exception) -> HttpResponseBase | None:
    """Say what is wrong with a second factor where no form does: recovery codes whose key is missing, a
    passkey's answer that nests too deeply to be read (found by benchmarks/fuzz).
    """
    if not request.path.startswith(reverse("mfa_index")):
        return None
    if isinstance(problem, RecursionError):
        messages.error(request, gettext("The browser's answer is not that of a passkey. Try again."))
    elif isinstance(problem, ValidationError):
        messages.error(request, problem.messages[0])
    else:
        return None
    return HttpResponseRedirect(reverse("people:account"))


def admits(person: Person) -> bool:
    """Say whether someone has what the role demands: a second factor where one is required."""
    demanded = settings.REQUIRE_SECOND_FACTOR and person.may("operator")
    return not demanded or factors.has_any(person)


def _is_over(request: HttpRequest) -> bool:
    now = time.time()
    request.session.setdefault("began", now)
    seen = request.session.setdefault("seen", now)
    if sessions.is_over(request.session, now):
        return True
    if now - seen > STEP and request.path not in BY_ITSELF:
        request.session["seen"] = now
    return False


def _why(request: HttpRequest) -> str:
    why = gettext("You were signed out because nobody was here for a while.")
    return why if request.method == "GET" else f"{why} {_not_taken()}"


def _not_taken() -> str:
    return gettext("What you sent was not taken: sign in, then go back twice, and it is still in its form.")


def _page_of(request: HttpRequest) -> str:
    """Return where to go on after signing in: what was asked for, or the page that the form stood on."""
    if request.method == "GET":
        return request.get_full_path()
    came = request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(came, request.get_host(), require_https=request.is_secure())
    return urlsplit(came)._replace(scheme="", netloc="").geturl() if ours else "/"


def _lacks_second_factor(request: HttpRequest) -> bool:
    if request.path.startswith(QUIET) and not request.path.startswith(CLOSED):
        return False
    return not admits(person_of(request))
