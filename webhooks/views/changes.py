"""What people do to what arrived."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from people.access import person_of, role_required
from webhooks.models import Remark
from webhooks.views.detail import MODELS


@require_POST
@role_required("operator")
def note(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Add a person's note to an event or a refusal."""
    person = person_of(request)
    row = get_object_or_404(MODELS[kind].objects.for_user(person).light(), pk=pk)
    text = request.POST.get("text", "").replace("\0", "").strip()[:4000]
    if text:
        Remark.objects.create(row_id=row.pk, kind="note", text=text, person=person)
        messages.success(request, "The note is kept.")
    return redirect(f"{row.get_absolute_url()}?tab=notes")
