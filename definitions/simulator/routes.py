"""Find the operation that a request asks for, by method and path."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from definitions import template
from definitions.schema import Operation, Resource, Service


@dataclass(frozen=True, slots=True)
class Route:
    """One operation and the paths it answers to."""

    service: Service
    resource: Resource
    operation: Operation
    pattern: re.Pattern[str]
    names: tuple[str, ...]  # the placeholders of the path, in order
    literal: int  # letters of the path outside placeholders: of two matches the more literal one is meant


@dataclass(frozen=True, slots=True)
class Match:
    """A route that a request took, and the values in its path."""

    route: Route
    values: Mapping[str, str]


def routes(services: Iterable[Service]) -> tuple[Route, ...]:
    """Return the routes of all operations, the most literal first."""
    made = [
        _route(service, resource, operation)
        for service in services
        for resource in service.resources
        for operation in resource.operations
    ]
    return tuple(sorted(made, key=lambda route: -route.literal))


def match(known: Iterable[Route], method: str, path: str) -> Match | None | str:
    """Return a request's match; None when no operation has its path, else the methods that path takes."""
    here = [(route, found) for route in known if (found := route.pattern.fullmatch(path))]
    for route, found in here:
        if route.operation.method == method:
            values = zip(route.names, map(unquote, found.groups()), strict=True)
            return Match(route, dict(values))
    return ", ".join(sorted({route.operation.method for route, _ in here})) or None


def _route(service: Service, resource: Resource, operation: Operation) -> Route:
    """Answer below the service's handle, below the path of its real base URL, and at the root."""
    text = template.parse_text(operation.path)
    prefix = re.escape(urlsplit(service.base_url).path)
    parts = (re.escape(part) if isinstance(part, str) else "([^/]+)" for part in text.parts)
    pattern = f"(?:/{re.escape(service.handle)})?(?:{prefix})?" + "".join(parts)
    literal = sum(len(part) for part in text.parts if isinstance(part, str))
    names = tuple(template.names(text))
    return Route(service, resource, operation, re.compile(pattern), names, literal)
