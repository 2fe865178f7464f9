"""Two runs side by side."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from operations import comparing
from operations.models import Run
from people.access import person_of


@require_http_methods(["GET", "POST"])
def compare(request: HttpRequest) -> HttpResponse:
    """Show what differs between the two runs that the address names; what was ticked is given an address."""
    if request.method == "POST":
        ticked = urlencode({"run": request.POST.getlist("run")[:2]}, doseq=True)
        return redirect(f"{request.path}?{ticked}")
    visible = Run.objects.for_user(person_of(request)).select_related("connection", "person")
    refs = [*request.GET.getlist("run"), "", ""][:2]
    left, right = (visible.by_ref(ref.strip()) for ref in refs)
    if left is None or right is None:
        messages.info(request, gettext("Tick two runs in the list, and compare them."))
        return redirect("operations:run_list")
    everything = "all" in request.GET
    parts = [
        (title, [pair for pair in pairs if everything or pair.differs])
        for title, pairs in comparing.compare(left, right)
    ]
    context = {"left": left, "right": right, "parts": parts, "all": everything}
    return render(request, "operations/compare.html", context)
