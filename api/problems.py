"""Errors as RFC 9457 problem documents: what happened, and what to do."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError

MEDIA_TYPE = "application/problem+json"
MISSING = "There is no such thing, or it is not open to this token."
UNKNOWN_CALLER = "Send a living token: Authorization: Bearer swb_…"


class Problem(Exception):
    """An answer that is not the one hoped for."""

    def __init__(self, status: int, detail: str, errors: Mapping[str, str] | None = None) -> None:
        """Keep the status, the sentence, and what is wrong with which member."""
        super().__init__(detail)
        self.status, self.detail, self.errors = status, detail, errors or {}


class ProblemOut(Schema):
    """A problem document."""

    title: str
    status: int
    detail: str
    errors: dict[str, str] = {}


# Every route may answer these.
ANSWERS: dict[Any, Any] = {
    401: ProblemOut,
    403: ProblemOut,
    404: ProblemOut,
    409: ProblemOut,
    422: ProblemOut,
}


def answer(status: int, detail: str, errors: Mapping[str, str] | None = None) -> HttpResponse:
    """Return a problem document as a response."""
    document = {
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "errors": errors or {},
    }
    response = JsonResponse(document, status=status, content_type=MEDIA_TYPE)
    if status == 401:
        response["WWW-Authenticate"] = "Bearer"
    return response


def attach(api: NinjaAPI) -> None:
    """Teach the API to answer every error of ours, Django's and ninja's as a problem."""

    @api.exception_handler(Problem)
    def ours(request: HttpRequest, problem: Problem) -> HttpResponse:
        return answer(problem.status, problem.detail, problem.errors)

    @api.exception_handler(Http404)
    def missing(request: HttpRequest, problem: Http404) -> HttpResponse:
        return answer(404, MISSING)

    @api.exception_handler(AuthenticationError)
    def nobody(request: HttpRequest, problem: AuthenticationError) -> HttpResponse:
        return answer(401, UNKNOWN_CALLER)

    @api.exception_handler(HttpError)
    def refused(request: HttpRequest, problem: HttpError) -> HttpResponse:
        return answer(422 if problem.status_code == 400 else problem.status_code, str(problem))

    @api.exception_handler(ValidationError)
    def invalid(request: HttpRequest, problem: ValidationError) -> HttpResponse:
        errors = {".".join(str(part) for part in one["loc"][1:]): one["msg"] for one in problem.errors}
        return answer(422, "Some values do not fit.", errors)
