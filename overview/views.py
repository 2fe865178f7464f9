"""The overview and the System page."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from overview import attention, figures, finding, first_steps, health, pictures, sight
from overview import help as book
from people.access import person_of, role_required


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Show what needs attention, the first steps until they are done, and the last 24 hours."""
    seen = sight.of(person_of(request))
    steps = [] if request.session.get("begun") else first_steps.steps(seen)
    if steps and all(step.done for step in steps):
        request.session["begun"] = True  # never asked again in this session, nor written again
    day = figures.last_day(seen)
    found = attention.findings(seen, day.to_see)
    context = {
        "findings": found,
        "steps": steps,
        "next_step": next((step for step in steps if not step.done), None),
        "tiles": pictures.tiles(day),
        "charts": pictures.of_day(day),
    }
    return render(request, "overview/home.html", context)


@require_GET
def attention_count(request: HttpRequest) -> HttpResponse:
    """Say how many things need attention, as a bare number: every page's title shows it."""
    seen = sight.of(person_of(request))
    found = attention.findings(seen, figures.to_see(seen))
    return HttpResponse(str(len(found)), content_type="text/plain", headers={"Cache-Control": "no-store"})


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """Find by a few letters: as a page, or as the list inside the palette."""
    text = request.GET.get("q", "").replace("\0", "")
    context = {"q": text, "results": finding.results(sight.of(person_of(request)), text)}
    part = "#results" if request.headers.get("HX-Request") else ""
    return render(request, f"overview/search.html{part}", context)


@require_GET
@role_required("operator")
def system(request: HttpRequest) -> HttpResponse:
    """Show how each part of the house is."""
    return render(request, "overview/system.html", {"parts": health.parts()})


@require_GET
def help_index(request: HttpRequest) -> HttpResponse:
    """Show the pages of the help."""
    return render(request, "overview/help.html", {"groups": book.groups()})


@require_GET
def help_page(request: HttpRequest, name: str) -> HttpResponse:
    """Show one page of the help."""
    try:
        page = book.page(name)
    except book.NoSuchPage:
        raise Http404(gettext("The help has no such page.")) from None
    return render(request, "overview/help_page.html", {"page": page, "groups": book.groups()})
