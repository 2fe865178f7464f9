"""What can be run: the services, the operations of one by resource with a search, and the test of a
connection."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from connections.models import Connection
from definitions import catalog
from definitions.schema import Operation, Resource, Service
from operations import testing
from operations.views.parts import is_htmx, part
from people.access import person_of, role_required


@dataclass(frozen=True, slots=True)
class Shelf:
    """A resource with those of its operations that a search found."""

    resource: Resource
    operations: tuple[Operation, ...]


@require_GET
def services(request: HttpRequest) -> HttpResponse:
    """List the services; with only one there is nothing to choose."""
    known = catalog.services()
    if len(known) == 1:
        return redirect("operations:catalogue", known[0].handle)
    return render(request, "operations/services.html", {"services": known, "broken": catalog.broken()})


@require_GET
def catalogue(request: HttpRequest, service: str) -> HttpResponse:
    """Show a service's operations by resource; retired ones stand below, and only a search or a link brings
    them up."""
    definition = found_service(service)
    sought = request.GET.get("q", "").strip()[:100]
    shelves = [shelf for resource in definition.resources if (shelf := _shelf(resource, sought)).operations]
    context = {
        "service": definition,
        "current": [shelf for shelf in shelves if not is_retired(shelf.resource)],
        "retired": [shelf for shelf in shelves if is_retired(shelf.resource)],
        "sought": sought,
        "chosen": request.GET.get("connection", "")[:40],
        "connections": Connection.objects.for_user(person_of(request)).enabled().at(service),
    }
    return render(request, f"operations/catalogue.html{part(request, 'shelves')}", context)


@require_POST
@role_required("operator")
def test_connection(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Run the definition's own read-only call through a connection and say in one sentence what is wrong."""
    person = person_of(request)
    connection = get_object_or_404(Connection.objects.for_user(person), pk=pk)
    result = testing.test(connection, person)
    if is_htmx(request):
        return render(request, "operations/test_result.html", {"result": result, "connection": connection})
    tell = messages.success if result.good else messages.error
    tell(request, result.sentence)
    return redirect(connection)


def found_service(handle: str) -> Service:
    """Return the service, or raise Http404 with the names that there are."""
    try:
        return catalog.service(handle)
    except catalog.UnknownService as error:
        raise Http404(str(error)) from None


def is_retired(resource: Resource) -> bool:
    """Say whether the service has shut this resource down."""
    return bool(resource.lifecycle and resource.lifecycle.is_over)


def _shelf(resource: Resource, sought: str) -> Shelf:
    words = sought.lower().split()
    hay = f"{resource.handle} {resource.short} {resource.description}".lower()
    found = (one for one in resource.operations if all(word in f"{hay} {_hay(one)}" for word in words))
    return Shelf(resource, tuple(found))


def _hay(operation: Operation) -> str:
    text = f"{operation.key} {operation.label} {operation.description} {operation.method} {operation.path}"
    return text.lower()
