"""The page that shows every component once, for whoever builds the next page. Only in development."""

import re
from datetime import timedelta

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from audit import pages
from overview import charts, pictures
from overview.templatetags.look import TONES

SERIES = (charts.Series("good", "chart-good"), charts.Series("bad", "chart-bad"))
DOCUMENT = {
    "id": "resp_1",
    "output": [{"type": "message", "text": "Hello"}],
    "usage": {"total_tokens": 33},
    "error": None,
}


class Sample(forms.Form):
    """One field of each kind."""

    name = forms.CharField(help_text="A line of help.")
    kind = forms.ChoiceField(choices=[("a", "One choice"), ("b", "Another")])
    text = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), required=False)
    on = forms.BooleanField(required=False, label="A box to tick")


@require_GET
def styleguide(request: HttpRequest) -> HttpResponse:
    """Show the components; 404 unless DEBUG is on."""
    if not settings.DEBUG:
        raise Http404
    now = timezone.now().replace(minute=0)
    starts = [now - timedelta(hours=23 - hour) for hour in range(24)]
    counts = [(hour * 3 % 17, hour % 5) for hour in range(24)]
    slots = charts.hours(starts, lambda since, until: f"#{since}")
    sprite = (settings.BASE_DIR / "static" / "icons.svg").read_text()
    context = {
        "now": timezone.now() - timedelta(minutes=3),
        "states": sorted(TONES),
        "icons": re.findall(r'<symbol id="([a-z-]+)"', sprite),
        "form": Sample({"text": "x"}),
        "document": DOCUMENT,
        "chart": charts.draw("Sample", slots, counts, SERIES, charts.COUNT),
        "empty_chart": charts.draw("Sample", slots, [(0.0,)] * 24, SERIES[:1], charts.MONEY),
        "tiles": [pictures.Tile("A figure", "1,234", "#", "of something", bad=True)],
        "tabs": [("one", "One", "#", 3), ("two", "Two", "#", None)],
        "filters": pages.Filters(
            [
                pages.Control("state", "State", "", (("failed", "Failed"),)),
                pages.Control("q", "Search", "", hint="words"),
                pages.Control("since", "From", "", kind="date"),
            ],
            None,  # type: ignore[arg-type]  # the bar draws no rows
            active=True,
        ),
        "page": pages.Page(["a row"], 1, 2, "?after=1", "?before=2"),  # type: ignore[type-var]
    }
    return render(request, "overview/styleguide.html", context)
