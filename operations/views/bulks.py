"""Bulk jobs: how many runs, yes or no, how far it is, stop."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from operations import bulks
from operations.models import Bulk, Run
from operations.views.history import narrowed
from operations.views.parts import part
from operations.wake import wake_bulk
from people.access import person_of, role_required


@require_POST
@role_required("operator")
def start(request: HttpRequest) -> HttpResponse:
    """Count the chosen runs (those ticked, else all that pass the filters), ask, and begin."""
    verb, word = request.POST.get("verb", ""), " ".join(request.POST.get("word", "").split())
    if verb not in bulks.VERBS:
        raise Http404(gettext("There is no such job."))
    chosen = _chosen(request)
    sure = request.POST.get("confirmed") == str(len(chosen)) and (word or verb != "tag")
    if chosen and sure:
        bulk = bulks.start(verb, chosen, person_of(request), word)
        wake_bulk(bulk.id)
        return redirect(bulk)
    return render(request, "operations/bulk_plan.html", _plan(request, verb, word, chosen))


@require_GET
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far a job is; updates by itself until it is over."""
    bulk = get_object_or_404(Bulk.objects.select_related("person"), pk=pk)
    context = {
        "bulk": bulk,
        "verb": bulks.VERBS.get(bulk.verb, bulk.verb),
        "may_run": person_of(request).may("operator"),
    }
    return render(request, f"operations/bulk.html{part(request, 'progress')}", context)


@require_POST
@role_required("operator")
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop a job; what it did stays done."""
    bulk = get_object_or_404(Bulk, pk=pk)
    bulks.stop(bulk)
    return redirect(bulk)


def _chosen(request: HttpRequest) -> list[int]:
    refs = request.POST.getlist("run")
    if not refs:
        return bulks.plan(narrowed(request).queryset)
    visible = Run.objects.for_user(person_of(request))
    found = [run for ref in refs[: bulks.MOST] if (run := visible.by_ref(ref))]
    return sorted(run.id for run in found)


def _plan(request: HttpRequest, verb: str, word: str, chosen: list[int]) -> dict[str, Any]:
    return {
        "verb": verb,
        "label": bulks.VERBS[verb],
        "word": word,
        "count": len(chosen),
        "refs": request.POST.getlist("run"),
        "query": request.GET.urlencode(),
        "most": bulks.MOST,
        "states": _by_state(chosen),
    }


def _by_state(chosen: list[int]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for state in Run.objects.filter(id__in=chosen).values_list("state", flat=True):
        counts[state] = counts.get(state, 0) + 1
    return counts
