"""Connections, without their secrets."""

from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router

from api import caller, problems
from api.shapes import ConnectionOut
from connections.models import Connection

router = Router(tags=["connections"])


@router.get("", response={200: list[ConnectionOut], **problems.ANSWERS})
def connections(request: HttpRequest) -> list[Connection]:
    """List the connections that lie open to this token."""
    return list(caller.of(request).connections().with_secrets().order_by("name"))


@router.get("/{connection_id}", response={200: ConnectionOut, **problems.ANSWERS})
def connection(request: HttpRequest, connection_id: UUID) -> Connection:
    """Read one connection."""
    return get_object_or_404(caller.of(request).connections().with_secrets(), pk=connection_id)
