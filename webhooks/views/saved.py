"""Saved views: a filter of the log under a name."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from people.access import person_of
from webhooks.models import SavedView

MOST = 50  # of one person


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Keep the log's filter under a name; the same name again replaces it."""
    name = request.POST.get("name", "").replace("\0", "").strip()[:60]
    query = QueryDict(request.POST.get("query", "")[:2000], mutable=True)
    for cursor in ("after", "before"):
        query.pop(cursor, None)
    if not name or SavedView.objects.filter(person=person_of(request)).count() >= MOST:
        messages.error(request, gettext("Give the view a name; at most {most} are kept.").format(most=MOST))
        return redirect("webhooks:log")
    view, _ = SavedView.objects.update_or_create(
        person=person_of(request), name=name, defaults={"query": query.urlencode()}
    )
    messages.success(request, gettext("“{view}” is saved.").format(view=view))
    return redirect(view)


@require_POST
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget one of the person's own views."""
    get_object_or_404(SavedView, pk=pk, person=person_of(request)).delete()
    messages.success(request, gettext("The view is forgotten."))
    return redirect("webhooks:log")
