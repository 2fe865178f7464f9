"""Which part of a page htmx asks for."""

from django.http import HttpRequest


def part(request: HttpRequest, name: str) -> str:
    """Return "#name" for a request by htmx that wants only that part, "" for one that wants the page."""
    asked = request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true"
    return f"#{name}" if asked else ""


def is_htmx(request: HttpRequest) -> bool:
    """Say whether htmx asks."""
    return bool(part(request, "any"))
