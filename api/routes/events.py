"""Events and refused deliveries: read and replay."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Status

from api import caller, listing, problems
from api.shapes import EventDetail, EventOut, EventsIn, Paged, RefusalOut, RefusalsIn
from audit import log, pages
from webhooks import fields, replay, timeline
from webhooks.models import Event, Rejection

router = Router(tags=["events"])
refusals_router = Router(tags=["refusals"])


@router.get("", response={200: Paged[EventOut], **problems.ANSWERS})
def events(request: HttpRequest, asked: Query[EventsIn]) -> dict[str, Any]:
    """List events, newest first."""
    rows = caller.of(request).events().defer("body", "headers", "view")
    narrow = {
        "connection": pages.by("connection"),
        "type": timeline.by_type,
        "object_id": timeline.by_object,
    }
    parts = ({**narrow, "state": one} for one in timeline.states(asked.state))
    return listing.page(request, rows, asked, "evt", shape, *parts)


@router.get("/{event_id}", response={200: EventDetail, **problems.ANSWERS})
def event(request: HttpRequest, event_id: str) -> dict[str, Any]:
    """Read one event."""
    return detail(_found(request, event_id))


@router.post("/{event_id}/replay", response={202: EventOut, **problems.ANSWERS})
def replay_event(request: HttpRequest, event_id: str) -> Status[dict[str, Any]]:
    """Process an event again."""
    who = caller.of(request)
    who.needs("operator")
    found = _found(request, event_id)
    with transaction.atomic():
        replay.process_again([found], who.person)
        target = ("event", found.code, str(found))
        log.record("webhook.replayed", person=who.person, request=request, target=target)
    found.refresh_from_db(fields=["state"])
    return Status(202, shape(found))


@refusals_router.get("", response={200: Paged[RefusalOut], **problems.ANSWERS})
def refusals(request: HttpRequest, asked: Query[RefusalsIn]) -> dict[str, Any]:
    """List refused deliveries, newest first."""
    rows = caller.of(request).refusals().defer("body", "headers")
    narrow = {name: pages.by(name) for name in ("cause", "connection")}
    return listing.page(request, rows, asked, "rej", refusal_shape, narrow)


@refusals_router.get("/{refusal_id}", response={200: RefusalOut, **problems.ANSWERS})
def refusal(request: HttpRequest, refusal_id: str) -> dict[str, Any]:
    """Read one refused delivery."""
    number = listing.number("rej", refusal_id)
    return refusal_shape(get_object_or_404(caller.of(request).refusals(), pk=number))


def _found(request: HttpRequest, event_id: str) -> Event:
    rows: QuerySet[Event] = caller.of(request).events()
    return get_object_or_404(rows, pk=listing.number("evt", event_id))


def shape(one: Event) -> dict[str, Any]:
    """Return an event as a list shows it."""
    return {
        "id": one.code,
        "type": one.type,
        "state": one.state,
        "connection": one.connection_id,
        "object_id": one.object_id,
        "delivery_id": one.delivery_id,
        "marks": list(one.marks),
        "received_at": one.arrived_at,
    }


def detail(one: Event) -> dict[str, Any]:
    """Return an event with its declared fields and its body as text (null when it is not UTF-8)."""
    try:
        body = bytes(one.body or b"").decode()
    except UnicodeDecodeError:
        body = None
    return shape(one) | {"fields": dict(fields.mapped(one).picked.resolved), "body": body}


def refusal_shape(one: Rejection) -> dict[str, Any]:
    """Return a refused delivery as the API sends it."""
    return {
        "id": one.code,
        "cause": one.cause,
        "detail": one.detail,
        "status": one.status,
        "connection": one.connection_id,
        "count": one.count,
        "received_at": one.arrived_at,
    }
