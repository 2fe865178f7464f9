"""What a picker box offers: asked of the connection's own list operation, in the background, and swapped
in."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from connections.models import Connection
from definitions import forms
from definitions.schema import Placeholder, Service
from operations import actions, pickers, runs
from operations.build import InputErrors
from operations.models import Origin, Run
from operations.previews import Row
from operations.views.catalogue import found_service
from people.access import person_of, role_required


@require_http_methods(["GET", "POST"])
@role_required("operator")
def choices(request: HttpRequest, service: str, name: str, key: str = "", action: str = "") -> HttpResponse:
    """Ask for the choices (POST) or look whether they have come (GET); answers with the field as it is
    then."""
    placeholder = _placeholder(found_service(service), key, action, name)
    sent = request.POST if request.method == "POST" else request.GET
    allowed = Connection.objects.for_user(person_of(request)).enabled().at(service)
    connection = get_object_or_404(allowed, pk=sent.get("connection") or None)
    asked = pickers.under_way(connection, placeholder.picker)
    problem = ""
    if request.method == "POST" and asked is None:
        asked, problem = _ask(request, connection, placeholder)
    offered = pickers.offers(connection, [placeholder])
    made = forms.form_for([placeholder], suggestions=offered)(initial={name: sent.get(name, "")})
    context = {
        "row": Row(made[name], (), placeholder),
        "connection": connection,
        "asked": asked,
        "problem": problem or _trouble(connection, placeholder, asked),
        "count": len(offered.get(name, ())),
    }
    return render(request, "operations/choices.html", context)


def _ask(request: HttpRequest, connection: Connection, placeholder: Placeholder) -> tuple[Run | None, str]:
    try:
        person = person_of(request)
        return runs.start(connection, placeholder.picker, {}, person=person, origin=Origin.PICKER), ""
    except (InputErrors, LookupError):
        return None, gettext("What may stand here depends on other fields: type it.")


def _trouble(connection: Connection, placeholder: Placeholder, asked: Run | None) -> str:
    if asked is not None:
        return ""
    last = Run.objects.filter(connection=connection, origin=Origin.PICKER).order_by("-id").first()
    is_about_this = last is not None and last.operation_key == placeholder.picker
    return last.error if last is not None and is_about_this else ""


def _placeholder(service: Service, key: str, action: str, name: str) -> Placeholder:
    try:
        inputs = actions.action(service.handle, action).inputs if action else ()
    except actions.UnknownAction as error:
        raise Http404(str(error)) from None
    found = service.operation(key) if key else None
    for placeholder in (*inputs, *(found.placeholders if found else ())):
        if placeholder.name == name and placeholder.picker:
            return placeholder
    raise Http404(gettext("There is no such box."))
