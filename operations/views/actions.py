"""The named actions of all services."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from definitions import catalog


@require_GET
def action_list(request: HttpRequest) -> HttpResponse:
    """Show every named action, by service."""
    services = [service for service in catalog.services() if service.actions]
    return render(request, "operations/actions.html", {"services": services})
