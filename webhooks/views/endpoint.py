"""One endpoint: what came of what was declared, what is missing, what is silent, how it is kept, and
tests.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from audit import log
from connections.models import Connection
from definitions import additions, catalog
from operations.models import Run
from people.access import person_of, role_required
from webhooks import coverage, gaps, retention, sends
from webhooks.forms import PolicyForm, SilenceForm
from webhooks.models import Policy, Silence
from webhooks.silence import is_silent, last_seen

TABS = (
    ("coverage", _("Coverage")),
    ("missing", _("Missing")),
    ("silence", _("Silence")),
    ("keeping", _("Completing and keeping")),
    ("tests", _("Tests")),
)


@require_GET
def endpoint(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show one tab about an endpoint."""
    asked = request.GET.get("tab", "")
    return _page(request, _connection(request, pk), asked if asked in dict(TABS) else "coverage")


def _page(request: HttpRequest, connection: Connection, tab: str, **more: Any) -> HttpResponse:
    context = {
        "connection": connection,
        "tab": tab,
        "tabs": [(name, label, f"?tab={name}", None) for name, label in TABS],
        "tab_template": f"webhooks/endpoint/{tab}.html",
        "can_run": person_of(request).may("operator"),
        "can_configure": person_of(request).may("admin"),
        **CONTEXTS[tab](request, connection),
        **more,
    }
    return render(request, "webhooks/endpoint.html", context)


@require_POST
@role_required("admin")
def policy(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change what is completed and how long events are kept, or show what would go with it."""
    connection = _connection(request, pk)
    before = _policy(connection)
    form = PolicyForm(request.POST, instance=before)
    if form.is_valid() and "preview" in request.POST:
        found = retention.preview(form.instance, datetime.now(UTC))
        return _page(request, connection, "keeping", form=form, preview=found, unsaved=True)
    if form.is_valid():
        if before.forgetting:
            before.forgetting = 0  # what is under way ends here; the next hour begins with the new choice
        form.save()
        changed = {name: form.cleaned_data[name] for name in form.changed_data}
        log.record("webhook.policy_changed", request=request, target=connection, after=changed)
        messages.success(request, gettext("It is kept like this from now on."))
    else:
        messages.error(request, _told(form))
    return redirect(_tab(connection, "keeping"))


@require_POST
@role_required("admin")
def declare(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Declare an unknown type in this house's overlay, or take that back."""
    connection, type_ = _connection(request, pk), request.POST.get("type", "")
    if "back" in request.POST:
        additions.withdraw(connection.service, type_)
        log.record("definition.event_withdrawn", request=request, target=connection, after={"type": type_})
        messages.success(request, gettext("“%s” is no longer declared.") % type_)
    elif (line := coverage.line_of(connection, type_)) and line.overlay:
        additions.declare(connection.service, line.overlay)
        log.record("definition.event_declared", request=request, target=connection, after=line.overlay)
        messages.success(request, gettext("“%s” is declared; within two seconds everywhere.") % type_)
    catalog.look_again()
    return redirect(_tab(connection, "coverage"))


@require_POST
@role_required("operator")
def silence(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Watch a type, or stop watching it."""
    connection = _connection(request, pk)
    if "remove" in request.POST:
        Silence.objects.filter(connection=connection, type=request.POST["remove"]).delete()
        return redirect(_tab(connection, "silence"))
    form = SilenceForm(request.POST)
    if form.is_valid():
        Silence.objects.update_or_create(
            connection=connection,
            type=form.cleaned_data["type"],
            defaults={"hours": form.cleaned_data["hours"]},
        )
        if form.cleaned_data["type"] in sends.delivered(connection.definition):
            messages.success(request, gettext("It is watched."))
        else:  # somebody's own, or a slip that would stay silent for ever
            unknown = gettext("It is watched. The service names no such event: is it written right?")
            messages.warning(request, unknown)
    else:
        messages.error(request, _told(form))
    return redirect(_tab(connection, "silence"))


@require_POST
@role_required("operator")
def recover(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Look for events that never came; or write the missing ones of a comparison."""
    connection, person = _connection(request, pk), person_of(request)
    wanted = request.POST.getlist("run")
    if not wanted:
        started = gaps.start(connection, person)
        if not started:
            messages.warning(request, gettext("This service has no list to compare with."))
        return redirect(_tab(connection, "missing", run=[run.ref for run in started]))
    found = [gap for one in _comparisons(connection, wanted) for gap in one.gaps]
    for gap in found:
        gaps.recover(connection, gap, person)
    messages.success(
        request,
        gettext("{number} missing events are now in the log, marked as recovered.").format(number=len(found)),
    )
    return redirect(_tab(connection, "missing", run=wanted))


def _coverage(request: HttpRequest, connection: Connection) -> dict[str, Any]:
    lines = coverage.lines(connection)
    return {"lines": lines, "seen": sum(line.last is not None for line in lines)}


def _missing(request: HttpRequest, connection: Connection) -> dict[str, Any]:
    refs = request.GET.getlist("run")
    runs = [run for run in map(Run.objects.by_ref, refs) if run and run.connection_id == connection.pk]
    return {
        "comparable": gaps.comparable(connection),
        "waiting": any(run.is_open for run in runs),
        "failed": [run for run in runs if not run.is_open and run.state != "succeeded"],
        "comparisons": _comparisons(connection, refs),
        "refs": refs,
    }


def _comparisons(connection: Connection, refs: list[str]) -> list[gaps.Comparison]:
    found = [run for run in map(Run.objects.by_ref, refs[:20]) if run and run.connection_id == connection.pk]
    return [gaps.compare(run) for run in found if run.state == "succeeded"]


def _silence(request: HttpRequest, connection: Connection) -> dict[str, Any]:
    now = datetime.now(UTC)
    watches = Silence.objects.filter(connection=connection).order_by("type")
    return {
        "watches": [(one, last_seen(one), is_silent(one, now)) for one in watches],
        "form": SilenceForm(),
        "types": sends.delivered(connection.definition),
    }


def _keeping(request: HttpRequest, connection: Connection) -> dict[str, Any]:
    known = _policy(connection)
    preview = retention.preview(known, datetime.now(UTC))
    return {"form": PolicyForm(instance=known), "preview": preview, "policy": known}


def _tests(request: HttpRequest, connection: Connection) -> dict[str, Any]:
    return {"kinds": sends.KINDS.items(), "types": sends.delivered(connection.definition)}


CONTEXTS: dict[str, Callable[[HttpRequest, Connection], dict[str, Any]]] = {
    "coverage": _coverage,
    "missing": _missing,
    "silence": _silence,
    "keeping": _keeping,
    "tests": _tests,
}


def _told(form: "ModelForm[Any]") -> str:
    return " ".join(str(text) for texts in form.errors.values() for text in texts)


def _policy(connection: Connection) -> Policy:
    return Policy.objects.filter(pk=connection.pk).first() or Policy(connection=connection)


def _connection(request: HttpRequest, pk: UUID) -> Connection:
    found: Connection = get_object_or_404(Connection.objects.for_user(person_of(request)), pk=pk)
    return found


def _tab(connection: Connection, tab: str, **query: list[str]) -> str:
    address = reverse("webhooks:endpoint", args=[connection.pk])
    return f"{address}?{urlencode({'tab': tab, **query}, doseq=True)}"
