"""A secret that does not open is a page with a sentence, wherever in the product it was needed."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from audit import retelling
from connections.crypto import SealError

Handler = Callable[[HttpRequest], HttpResponseBase]


def locked_middleware(get_response: Handler) -> Handler:
    """Answer 503 with what happened and what to do; forms that know better say it beside their field."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        return get_response(request)

    def process_exception(request: HttpRequest, problem: Exception) -> HttpResponse | None:
        if not isinstance(problem, SealError):
            return None
        said = {"sentence": retelling.told(str(problem))}
        return render(request, "connections/locked.html", said, status=503)

    middleware.process_exception = process_exception  # type: ignore[attr-defined]
    return middleware
