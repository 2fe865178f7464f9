"""What people put on a run: tags, a note, a pin."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from operations.models import Run
from operations.views.run import found
from people.access import role_required

MOST_TAGS = 20


@require_POST
@role_required("operator")
def mark(request: HttpRequest, pk: int) -> HttpResponse:
    """Set the tags (separated by commas), the note and the pin of a run."""
    run = found(request, pk)
    words = [
        " ".join(word.split())[:40] for word in request.POST.get("tags", "").replace("\0", "").split(",")
    ]
    tags = sorted(dict.fromkeys(word for word in words if word))[:MOST_TAGS]
    note = request.POST.get("note", "").replace("\0", "")[:4_000]
    Run.objects.filter(pk=run.pk).update(tags=tags, note=note, pinned="pinned" in request.POST)
    return redirect(run)
