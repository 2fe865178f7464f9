"""The pages about connections: everyone who may see one reads, an admin changes."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from connections import connecting
from connections.crypto import SealError
from connections.forms import AccessForm, ConnectionForm, SigningForm
from connections.models import Connection
from connections.uses import uses
from definitions import catalog
from definitions.schema import Service
from people.access import fresh_required, person_of, role_required

TABS = (
    ("overview", _("Overview")),
    ("credentials", _("Credentials")),
    ("webhook", _("Webhook")),
    ("access", _("Access")),
)
SWITCHED = {
    "enabled": _("“{}” is enabled: runs and webhooks go on."),
    "disabled": _("“{}” is disabled: nothing runs, and its endpoint answers 404."),
    "paused": _("“{}” is paused: webhooks are accepted and held."),
    "resumed": _("“{}” is no longer paused."),
}
SWITCHED_AT = dict.fromkeys(("paused", "resumed"), "?tab=webhook")  # where the button is; else the overview


@require_GET
def connection_list(request: HttpRequest) -> HttpResponse:
    """Show every connection that this person may see."""
    rows = Connection.objects.for_user(person_of(request)).with_secrets()
    return render(
        request, "connections/list.html", {"connections": rows, "can_change": person_of(request).may("admin")}
    )


@require_GET
@role_required("admin")
def choose(request: HttpRequest) -> HttpResponse:
    """Ask which service to connect; with only one there is nothing to ask."""
    services = catalog.services()
    if len(services) == 1:
        return redirect("connections:new", services[0].handle)
    return render(request, "connections/choose.html", {"services": services})


@require_http_methods(["GET", "POST"])
@role_required("admin")
@fresh_required
@sensitive_post_parameters()
@sensitive_variables()
def new(request: HttpRequest, service: str) -> HttpResponse:
    """Connect an account of a service."""
    definition = _service(service)
    form = ConnectionForm(definition, request.POST or None, initial={"name": definition.short})
    if request.method == "POST" and form.is_valid():
        try:
            created = connecting.connect(definition, form.entered, request=request)
        except (connecting.NameTaken, SealError) as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request,
                gettext("“{created}” is connected. Test it, then point the service's webhooks here.").format(
                    created=created
                ),
            )
            return redirect(created)
    return _form(request, form, service=definition, status=_status(form))


@require_POST
@role_required("admin")
def practice(request: HttpRequest) -> HttpResponse:
    """Connect to the practice service with a made-up key, in one click."""
    handle = request.POST.get("service") or next((one.handle for one in catalog.services()), "")
    try:
        connection = connecting.practise(_service(handle), request=request)
    except SealError as error:
        messages.error(request, str(error))
        return redirect("connections:list")
    messages.success(request, gettext("Practice is connected. Test it, then run an operation."))
    return redirect(connection)


@require_GET
def detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show one connection, a tab at a time."""
    connection = _found(request, pk)
    names = [name for name, _ in TABS]
    tab = request.GET.get("tab", "")
    tab = tab if tab in names else "overview"
    may = {"can_change": person_of(request).may("admin"), "can_run": person_of(request).may("operator")}
    return render(request, f"connections/detail/{tab}.html", _about(connection) | may | {"tab": tab})


@require_http_methods(["GET", "POST"])
@role_required("admin")
@fresh_required
@sensitive_post_parameters()
@sensitive_variables()
def edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change a connection; secrets that are left empty stay."""
    connection = _found(request, pk)
    definition = _service(connection.service)
    form = ConnectionForm(
        definition,
        request.POST or None,
        connection=connection,
        with_signing=False,
        initial=_initial(connection),
    )
    if request.method == "POST" and form.is_valid():
        try:
            connecting.change(connection, form.entered, request=request)
        except (connecting.NameTaken, SealError) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, gettext("“{connection}” is changed.").format(connection=connection))
            return redirect(connection)
    return _form(request, form, service=definition, connection=connection, status=_status(form))


@require_http_methods(["GET", "POST"])
@role_required("admin")
@fresh_required
@sensitive_post_parameters()
@sensitive_variables()
def signing_secret(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Set the webhook signing secret, or rotate it with a time in which both are good."""
    connection = _found(request, pk)
    _service(connection.service)
    form = SigningForm(connection, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            secret, hours = form.cleaned_data["webhook_secret"], form.cleaned_data.get("keep_hours", 0)
            connecting.set_signing_secret(connection, secret, keep_hours=hours, request=request)
        except SealError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, gettext("The signing secret is set. Send a test event to see it work."))
            return redirect(f"{connection.get_absolute_url()}?tab=webhook")
    context = {"form": form, "connection": connection}
    return render(request, "connections/signing_secret.html", context, status=_status(form))


@require_POST
@role_required("admin")
def end_previous(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Let the previous signing secret be good no longer."""
    connection = _found(request, pk)
    connecting.end_previous_secret(connection, request=request)
    messages.success(request, gettext("Only the current signing secret is good now."))
    return redirect(f"{connection.get_absolute_url()}?tab=webhook")


@require_POST
@role_required("admin")
def switch(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Enable, disable, pause or resume."""
    connection, to = _found(request, pk), request.POST.get("to", "")
    if to not in connecting.SWITCHES:
        raise Http404
    connecting.switch(connection, to, request=request)
    messages.success(request, SWITCHED[to].format(connection))
    return redirect(f"{connection.get_absolute_url()}{SWITCHED_AT.get(to, '')}")


@require_POST
@role_required("admin")
def default(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Let this be the connection that the service's bare webhook paths lead to."""
    connection = _found(request, pk)
    connecting.make_default(connection, request=request)
    messages.success(
        request, gettext("“{connection}” is the default of its service now.").format(connection=connection)
    )
    return redirect(connection)


@require_http_methods(["GET", "POST"])
@role_required("admin")
@fresh_required
def access(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say who may see and use this connection."""
    connection = _found(request, pk)
    now = {
        "limited": connection.limited,
        "role": connection.limited_to_role,
        "people": connection.people.all(),
    }
    form = AccessForm(request.POST or None, initial=now)
    if request.method == "POST" and form.is_valid():
        connecting.limit(connection, connecting.Audience(**form.cleaned_data), request=request)
        messages.success(
            request, gettext("Who may use “{connection}” is changed.").format(connection=connection)
        )
        return redirect(f"{connection.get_absolute_url()}?tab=access")
    return render(
        request, "connections/access.html", {"form": form, "connection": connection}, status=_status(form)
    )


@require_http_methods(["GET", "POST"])
@role_required("admin")
@fresh_required
def delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Delete a connection whose name was typed; what it was used for is shown before."""
    connection = _found(request, pk)
    if request.method == "GET":
        return render(request, "connections/delete.html", _about(connection))
    if request.POST.get("confirm", "").strip() != connection.name:
        wrong = {"error": gettext("Type “{name}” to delete it.").format(name=connection.name)}
        return render(request, "connections/delete.html", _about(connection) | wrong, status=422)
    connecting.delete(connection, request=request)
    messages.success(
        request,
        gettext("“{name}” is deleted, its secrets are erased. Its history stays.").format(
            name=connection.name
        ),
    )
    return redirect("connections:list")


def _found(request: HttpRequest, pk: UUID) -> Connection:
    found: Connection = get_object_or_404(
        Connection.objects.for_user(person_of(request)).with_secrets(), pk=pk
    )
    return found


def _service(handle: str) -> Service:
    try:
        return catalog.service(handle)
    except catalog.UnknownService as error:
        raise Http404(str(error)) from None


def _about(connection: Connection) -> dict[str, Any]:
    tabs = [(name, label, f"?tab={name}", None) for name, label in TABS]
    return {"connection": connection, "tabs": tabs, "uses": uses(connection)}


def _initial(connection: Connection) -> dict[str, str]:
    options = {f"option-{name}": value for name, value in connection.options.items()}
    return options | {"name": connection.name, "base_url": connection.base_url}


def _status(form: Any) -> int:
    return 422 if form.is_bound else 200


def _form(request: HttpRequest, form: ConnectionForm, *, status: int, **context: Any) -> HttpResponse:
    return render(request, "connections/form.html", {"form": form, **context}, status=status)
