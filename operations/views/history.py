"""The history of runs: filters in the address, keyset pages, live rows, saved views, exports."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_GET, require_POST

from audit import exports, ids, log, pages
from connections.models import Connection
from operations import bulks, exporting, history
from operations.lines import lines
from operations.models import Bulk, Run, View
from people import notices
from people.access import person_of, role_required

COUNTED = 100_000  # rows up to which an export is counted before it starts
NAMES = {
    "state",
    "connection",
    "resource",
    "operation",
    "origin",
    "person",
    "tag",
    "q",
    "since",
    "until",
    "bulk",
}


@require_GET
def run_list(request: HttpRequest) -> HttpResponse:
    """Show the runs that pass the filters, newest first."""
    person = person_of(request)
    filters = narrowed(request)
    page = pages.keyset(filters.queryset, request)
    context = {
        "page": page,
        "lines": lines(page.rows),
        "filters": filters,
        "usual": history.USUAL,
        "more_open": any(one.value for one in filters.controls if one.name not in history.USUAL),
        "may_run": person.may("operator"),
        "live_url": _live_url(request),
        "views": View.objects.all(),
        "asked": asked(request),
    }
    return render(request, "operations/run_list.html", context)


@require_GET
def export(request: HttpRequest, ending: str) -> HttpResponseBase:
    """Send every run that passes the filters as CSV or JSON Lines, while it is read; `job` follows it."""
    person, runs = person_of(request), narrowed(request).queryset
    log.record("runs.exported", request=request, note=f"{ending}, {asked(request) or 'all'}")
    job = exporting.begun(_job(request), ending, runs.order_by()[:COUNTED].count(), person)
    text = gettext_noop("The export is complete: %(count)s rows.")
    records = history.records(exports.rows(runs.select_related("person").defer(None)))
    rows = exporting.followed(notices.counted(records, person, text), job)
    return exports.answer(request, f"runs.{ending}", history.COLUMNS, rows)


@require_GET
def export_page(request: HttpRequest) -> HttpResponse:
    """Say how many runs an export would hold, before it starts, and how far it is, once it runs."""
    count = pages.capped_count(narrowed(request).queryset, COUNTED)
    context = {"count": count, "asked": asked(request), "job": ids.encode("bulk", ids.new_id())}
    return render(request, "operations/export.html", context)


@require_GET
def export_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far an export is; nothing before its first byte is asked for."""
    job = Bulk.objects.filter(pk=pk, verb=exporting.EXPORT, person=person_of(request)).first()
    return render(request, "operations/export.html#progress", {"bulk": job, "job": ids.encode("bulk", pk)})


@require_POST
def stop_export(request: HttpRequest, pk: int) -> HttpResponse:
    """End an export of one's own after the rows that are on their way."""
    job = get_object_or_404(Bulk, pk=pk, verb=exporting.EXPORT, person=person_of(request))
    bulks.stop(job)
    return render(request, "operations/export.html#progress", {"bulk": job, "job": job.ref, "stopping": True})


@require_POST
@role_required("operator")
def save_view(request: HttpRequest) -> HttpResponse:
    """Keep the filters of the address under a name; the same name again replaces it."""
    name = " ".join(request.POST.get("name", "").split())[:60]
    query = _known(QueryDict(request.POST.get("query", "")[:2_000]))
    if not name:
        messages.error(request, gettext("Give the view a name."))
        return redirect(f"{request.path.removesuffix('views/')}?{query}")
    view, _ = View.objects.update_or_create(
        name=name, defaults={"query": query, "person": person_of(request)}
    )
    messages.success(request, gettext("“{name}” is saved for everybody.").format(name=name))
    return redirect(view)


@require_POST
@role_required("operator")
def delete_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a saved view."""
    get_object_or_404(View, pk=pk).delete()
    return redirect("operations:run_list")


def narrowed(request: HttpRequest) -> Any:
    """Return the filters of the address with the runs that pass them and that this person may see."""
    person = person_of(request)
    visible = Connection.everything.for_user(person)
    rows = history.unlisted(Run.objects.for_user(person).rows(), request.GET)
    return pages.filtered(rows, request, history.filters(visible))


def asked(request: HttpRequest) -> str:
    """Return the filters of the address as a query string, without cursors."""
    return _known(request.GET)


def _job(request: HttpRequest) -> int:
    """Return the number under which an export is followed: its page's, or a new one."""
    try:
        return ids.decode("bulk", request.GET.get("job", ""))
    except ValueError:
        return ids.new_id()


def _known(query: QueryDict) -> str:
    return urlencode([(name, str(query[name])) for name in query if name in NAMES and query[name]])


def _live_url(request: HttpRequest) -> str:
    """Return the stream of this page; "" for an older page, and for filters that only the database can
    answer."""
    members = {name: request.GET[name] for name in request.GET if request.GET[name]}
    asks_database = set(members) - history.LIVE or members.get("state") == history.EITHER
    return "" if asks_database else f"/live/?{urlencode({'topic': 'run', **members})}"
