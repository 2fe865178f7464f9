"""What the services can do."""

from typing import Any

from django.http import HttpRequest
from ninja import Router

from api import problems
from api.problems import Problem
from api.shapes import OperationOut
from definitions import catalog
from definitions.schema import Operation

router = Router(tags=["operations"])


@router.get("", response={200: list[OperationOut], **problems.ANSWERS})
def operations(request: HttpRequest) -> list[dict[str, Any]]:
    """List every operation of every service."""
    return [shape(one) for service in catalog.services() for one in service.operations]


@router.get("/{service}/{key}", response={200: OperationOut, **problems.ANSWERS})
def operation(request: HttpRequest, service: str, key: str) -> dict[str, Any]:
    """Read one operation with the values that it takes."""
    try:
        return shape(catalog.operation(service, key))
    except LookupError:
        raise Problem(404, problems.MISSING) from None


def shape(one: Operation) -> dict[str, Any]:
    """Return an operation as the API sends it."""
    return {
        "service": one.service,
        "key": one.key,
        "label": one.label,
        "description": one.description,
        "method": one.method,
        "effect": one.effect,
        "values": [
            {
                "name": value.name,
                "type": value.type,
                "required": value.required,
                "description": value.description,
                "options": list(value.options),
            }
            for value in one.placeholders
        ],
    }
