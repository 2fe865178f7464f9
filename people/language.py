"""Which language a page speaks: the one a person chose, else the one that the browser asks for."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from people.models import Person

YEAR = 365 * 24 * 3600  # seconds that a browser remembers the choice of somebody who is not signed in
SCRIPTS = "/api/"  # the API speaks to programs, which read English


def language_middleware(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Prefer the account's language to the one that the browser asks for; the API stays English."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(SCRIPTS):
            translation.activate(settings.LANGUAGE_CODE)
        elif isinstance(request.user, Person) and request.user.language in dict(settings.LANGUAGES):
            translation.activate(request.user.language)
        return get_response(request)

    return middleware


@login_not_required
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Keep a language with the account of whoever is signed in, and in a cookie; "" is the browser's own."""
    language = request.POST.get("language", "")
    language = language if language in dict(settings.LANGUAGES) else ""
    back = request.POST.get("next", "")
    here = url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure())
    response = HttpResponseRedirect(back if here else "/")
    if isinstance(request.user, Person):
        request.user.language = language
        request.user.save(update_fields=["language"])
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=YEAR if language else 0,
        samesite="Lax",
        httponly=True,
        secure=settings.HTTPS,
    )
    return response
