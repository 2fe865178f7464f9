"""The form of an operation or an action: filled, previewed, confirmed where it destroys, and run."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from connections.models import Connection, ConnectionQuerySet
from definitions.forms import PlaceholderForm
from definitions.schema import Operation, Service
from operations import actions, forms, presets, previews, runs
from operations.build import InputErrors
from operations.forms import Asking
from operations.models import Run
from operations.views.catalogue import found_service
from people.access import person_of
from people.models import Person


@dataclass(frozen=True, slots=True)
class Asked:
    """Everything around one request for a form."""

    person: Person
    service: Service
    asking: Asking
    connections: ConnectionQuerySet
    connection: Connection | None
    before: Run | None

    @property
    def operation(self) -> Operation:
        """What it runs in the end."""
        return self.asking.operation

    @property
    def action_handle(self) -> str:
        """The action's handle, or ""."""
        return self.asking.action.handle if self.asking.action else ""


@require_http_methods(["GET", "POST"])
def operation(request: HttpRequest, service: str, key: str) -> HttpResponse:
    """Show an operation's form, or take it."""
    definition = found_service(service)
    found = definition.operation(key)
    if found is None:
        raise Http404(gettext("{service} has no operation {key}.").format(service=service, key=key))
    return _answer(request, definition, Asking(found))


@require_http_methods(["GET", "POST"])
def action(request: HttpRequest, service: str, action: str) -> HttpResponse:
    """Show an action's form, or take it."""
    definition = found_service(service)
    try:
        named = actions.action(service, action)
    except actions.UnknownAction as error:
        raise Http404(str(error)) from None
    found = definition.operation(named.operation)
    if found is None:
        raise Http404(
            gettext("{label} runs {operation}, which {service} does not have.").format(
                label=named.label, operation=named.operation, service=service
            )
        )
    return _answer(request, definition, Asking(found, named))


def _answer(request: HttpRequest, service: Service, asking: Asking) -> HttpResponse:
    asked = _asked(request, service, asking)
    preset = presets.found(service.handle, asking, request.GET.get("preset", ""))
    form = forms.form(asking, asked.connection, request, asked.before, preset.values if preset else {})
    if request.method == "GET":
        return _page(request, asked, form)
    if not asked.person.may("operator"):
        raise PermissionDenied(gettext("Running needs the role “operator”. An admin can give it to you."))
    if request.POST.get("intent") == "preset":
        return _preset(request, asked, form)
    if asked.connection is None:
        form.add_error(None, gettext("Choose a connection first."))
    if form.errors or not form.is_valid():
        return _page(request, asked, form, status=422)
    return _taken(request, asked, form)


def _preset(request: HttpRequest, asked: Asked, form: PlaceholderForm) -> HttpResponse:
    """Keep the values that are right so far as a preset; what is still missing may be missing."""
    form.is_valid()
    try:
        name = request.POST.get("preset_name", "")
        kept = presets.save(asked.service.handle, asked.asking, name, form.cleaned_data, asked.person)
    except ValueError as error:
        form.add_error(None, str(error))
        return _page(request, asked, form, status=422)
    messages.success(request, gettext("“{kept}” is kept for everybody.").format(kept=kept))
    return redirect(f"{request.path}?{urlencode({'preset': kept.pk})}")


def _taken(request: HttpRequest, asked: Asked, form: PlaceholderForm) -> HttpResponse:
    values = forms.values(form, asked.before, asked.asking)
    if asked.connection is None or forms.faults(form, asked.asking, values):
        return _page(request, asked, form, status=422)
    try:
        if request.POST.get("intent") == "preview":
            return _preview(request, asked, form, values)
        if asked.operation.effect and request.POST.get("confirmed") != previews.victim(
            asked.operation, values
        ):
            return _page(request, asked, form, victim=previews.victim(asked.operation, values))
        run = _start(request, asked, asked.connection, values)
    except InputErrors as error:
        forms.add_errors(form, error.errors)
        return _page(request, asked, form, status=422)
    return redirect(run)


def _start(request: HttpRequest, asked: Asked, connection: Connection, values: dict[str, Any]) -> Run:
    return runs.start(
        connection,
        asked.operation.key,
        values,
        person=asked.person,
        action=asked.action_handle,
        again_of=asked.before,
        once=forms.once(request),
        reason="manual" if asked.before else "initial",
    )


def _preview(
    request: HttpRequest, asked: Asked, form: PlaceholderForm, values: dict[str, Any]
) -> HttpResponse:
    runs.check(asked.service, asked.operation, values, asked.action_handle)
    preview = previews.preview(asked.connection, asked.operation, values, asked.action_handle)
    link = request.build_absolute_uri(f"{request.path}{preview.link}")
    return _page(request, asked, form, preview=preview, preview_link=link)


def _page(
    request: HttpRequest, asked: Asked, form: PlaceholderForm, status: int = 200, **more: Any
) -> HttpResponse:
    context = {
        "asked": asked,
        "service": asked.service,
        "operation": asked.operation,
        "action": asked.asking.action,
        "form": form,
        "may_run": asked.person.may("operator"),
        "fields": previews.laid_out(form, asked.asking, asked.connection, asked.before),
        "once": uuid.uuid4() if request.method == "GET" else request.POST.get("once", ""),
        "presets": presets.of(asked.service.handle, asked.asking),
        "recent": previews.recent(asked.person, asked.connection, asked.operation, asked.action_handle),
        **more,
    }
    return render(request, "operations/form.html", context, status=status)


def _asked(request: HttpRequest, service: Service, asking: Asking) -> Asked:
    person = person_of(request)
    allowed = Connection.objects.for_user(person).enabled().at(service.handle)
    sent = request.POST if request.method == "POST" else request.GET
    before = _before(person, sent.get("again", ""), asking)
    wanted = sent.get("connection") or (str(before.connection_id) if before else "")
    connection = next((one for one in allowed if str(one.pk) == wanted), None) if wanted else allowed.first()
    return Asked(person, service, asking, allowed, connection, before)


def _before(person: Person, ref: str, asking: Asking) -> Run | None:
    run = Run.objects.for_user(person).by_ref(ref)
    handle = asking.action.handle if asking.action else ""
    return run if run and (run.operation_key, run.action) == (asking.operation.key, handle) else None
