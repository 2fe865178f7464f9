"""The history of runs: filters in the address, keyset pages."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from audit import pages
from connections.models import Connection
from operations import history
from operations.models import Run
from operations.views.parts import part
from people.access import person_of


@require_GET
def run_list(request: HttpRequest) -> HttpResponse:
    """Show the runs that pass the filters, newest first."""
    person = person_of(request)
    visible = Connection.everything.for_user(person)
    filters: Any = pages.filtered(Run.objects.for_user(person).rows(), request, history.filters(visible))
    page = pages.keyset(filters.queryset, request)
    context = {"page": page, "filters": filters, "may_run": person.may("operator")}
    return render(request, f"operations/run_list.html{part(request, 'rows')}", context)
