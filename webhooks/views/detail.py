"""One event or one refused delivery, with everything that is known of it."""

from collections.abc import Callable, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from audit import along
from people.access import person_of
from webhooks import payload, showing, verification
from webhooks.fields import mapped
from webhooks.models import Arrived, Completion, Event, Rejection, Remark
from webhooks.views.doctor import findings

EVENT_TABS = ("fields", "payload", "raw", "headers", "verification", "timeline", "notes")
REJECTION_TABS = ("doctor", "verification", "payload", "raw", "headers", "notes")

Tab = Callable[[Any], dict[str, Any]]


@require_GET
def event(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one event."""
    found = get_object_or_404(_visible(request, Event), pk=pk)
    return _page(request, found, "webhooks/event.html", EVENT_TABS)


@require_GET
def rejection(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one refused delivery."""
    found = get_object_or_404(_visible(request, Rejection), pk=pk)
    return _page(request, found, "webhooks/rejection.html", REJECTION_TABS)


@require_GET
def raw(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Send the body byte for byte, as a file that no browser opens."""
    found = get_object_or_404(_visible(request, MODELS[kind]), pk=pk, body__isnull=False)
    response = HttpResponse(found.raw, content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="{found.code}.bin"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


MODELS: dict[str, type[Event] | type[Rejection]] = {"event": Event, "rejection": Rejection}


def _visible(request: HttpRequest, model: type[Event] | type[Rejection]) -> Any:
    return model.objects.for_user(person_of(request)).select_related("connection")


def _page(request: HttpRequest, row: Event | Rejection, template: str, names: Sequence[str]) -> HttpResponse:
    tab = request.GET.get("tab", "")
    current = tab if tab in names else names[0]
    context = {
        "row": row,
        "tab": current,
        "tabs": [(name, gettext(name.capitalize()), f"?tab={name}", _count(name, row)) for name in names],
        "tab_template": f"webhooks/tabs/{current}.html",
        "can_change": person_of(request).may("operator"),
        "can_redact": person_of(request).may("admin"),
        **_neighbours(request, row),
        **TABS[current](row),
        **_findings(request, row, current),
    }
    return render(request, template, context)


def _count(tab: str, row: Event | Rejection) -> int | None:
    """Return how many notes there are; the other tabs, and no notes, have no number."""
    return Remark.objects.filter(row_id=row.pk, kind="note").count() or None if tab == "notes" else None


def _findings(request: HttpRequest, row: Event | Rejection, tab: str) -> dict[str, Any]:
    if tab != "doctor" or not isinstance(row, Rejection):
        return {}
    return {"findings": findings(row, person_of(request))}


def _fields(row: Event) -> dict[str, Any]:
    return {"mapped": mapped(row, Completion.objects.filter(pk=row.pk, done=True).first())}


def _payload(row: Arrived) -> dict[str, Any]:
    completion = Completion.objects.filter(pk=row.pk, done=True).first() if row.is_event else None
    fetched = payload.document(bytes(completion.document)) if completion and completion.document else None
    return {"document": payload.document(row.raw), "completion": completion, "fetched": fetched}


def _raw(row: Arrived) -> dict[str, Any]:
    return {"shown": showing.shown(row.raw) if row.raw is not None else None}


def _verification(row: Event | Rejection) -> dict[str, Any]:
    return {"checks": verification.explained(row)}


def _remarks(row: Arrived) -> dict[str, Any]:
    return {"remarks": Remark.objects.filter(row_id=row.pk).select_related("person")}


def _timeline(row: Arrived) -> dict[str, Any]:
    return _remarks(row) | {"completion": Completion.objects.defer("document").filter(pk=row.pk).first()}


TABS: dict[str, Tab] = {
    "fields": _fields,
    "payload": _payload,
    "raw": _raw,
    "headers": lambda row: {},
    "doctor": lambda row: {},  # needs to know who asks: see _page
    "verification": _verification,
    "timeline": _timeline,
    "notes": _remarks,
}


def _neighbours(request: HttpRequest, row: Event | Rejection) -> dict[str, Any]:
    """Return the events of the same connection before and after: n and p on the page."""
    rows = type(row).objects.for_user(person_of(request)).only("pk")
    of_none = along.newest(rows.filter(connection=None))
    near = along.exactly(rows, connection=row.connection_id) if row.connection_id else of_none
    return {
        name: next(iter(along.nearest([near], 1, row.pk, upwards=upwards)), None)
        for name, upwards in (("newer", True), ("older", False))
    }
