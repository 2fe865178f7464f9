"""Presets, as far as they have an address of their own; they are made on the form."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from operations.models import Preset
from people.access import role_required


@require_POST
@role_required("operator")
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a preset and go back to its form."""
    preset = get_object_or_404(Preset, pk=pk)
    preset.delete()
    if preset.action:
        return redirect("operations:action", preset.service, preset.action)
    return redirect("operations:operation", preset.service, preset.operation)
