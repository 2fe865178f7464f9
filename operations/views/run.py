"""One run: what was asked, what went out, what came back; and what can be done with it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from definitions import catalog
from operations import resolving, runs, showing
from operations.build import InputErrors
from operations.models import Run
from operations.views.parts import part
from people.access import person_of, role_required

TABS = (
    ("result", _("Result")),
    ("answer", _("Answer")),
    ("request", _("Request")),
    ("attempts", _("Attempts")),
)


@require_GET
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a run; while it is open its parts update by themselves."""
    run = found(request, pk)
    tab = request.GET.get("tab", "result")
    shown = showing.shown(run)
    onward = showing.next_values(run, shown["document"])
    context = shown | {
        "next_url": f"{form_url(run)}&{urlencode(onward)}" if onward else "",
        "tab": tab if tab in dict(TABS) else "result",
        "tabs": [(name, label, f"?tab={name}", None) for name, label in TABS],
        "may_run": person_of(request).may("operator"),
        "form_url": form_url(run),
    }
    return render(request, f"operations/run.html{part(request, 'body')}", context)


@require_POST
@role_required("operator")
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop a run, in whatever state it is."""
    run = found(request, pk)
    if not runs.cancel(run, person_of(request)):
        messages.info(request, gettext("It had ended already."))
    return redirect(run)


@require_POST
@role_required("operator")
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Run the same thing once more, as it was."""
    run = found(request, pk)
    try:
        return redirect(resolving.again(run, person_of(request)))
    except (InputErrors, LookupError) as error:
        messages.error(request, gettext("It cannot be run again as it was: {error}").format(error=error))
    return redirect(form_url(run) or run.get_absolute_url())


@require_POST
@role_required("operator")
def resolve(request: HttpRequest, pk: int) -> HttpResponse:
    """Say of a run that ended as unknown whether it did happen; the first who says so wins."""
    run = found(request, pk)
    happened = request.POST.get("happened") == "yes"
    if resolving.resolve(run, happened, person_of(request)):
        return redirect(run)
    messages.warning(request, gettext("Somebody else has said so already: this is what they said."))
    return render(request, "operations/resolved.html", {"run": found(request, pk)}, status=409)


def found(request: HttpRequest, pk: int) -> Run:
    """Return the run if this person may see it, or raise Http404."""
    runs_of = Run.objects.for_user(person_of(request)).select_related("connection", "person")
    return get_object_or_404(runs_of, pk=pk)


def form_url(run: Run) -> str:
    """Return the address of the form filled with this run, or "" when the definition has it no more."""
    try:
        definition = catalog.service(run.service)
    except catalog.UnknownService:
        return ""
    known: Any = definition.action(run.action) if run.action else definition.operation(run.operation_key)
    if known is None:
        return ""
    name, handle = ("action", run.action) if run.action else ("operation", run.operation_key)
    return f"{reverse(f'operations:{name}', args=[run.service, handle])}?{urlencode({'again': run.ref})}"
