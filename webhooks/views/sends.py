"""Sending a test event from a connection's page or from the log."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from audit import log
from connections.models import Connection
from people.access import person_of, role_required
from webhooks import sends


@require_POST
@role_required("operator")
def test_send(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Send one test delivery and say what our door answered; it then stands in the log."""
    connection = get_object_or_404(Connection.objects.for_user(person_of(request)), pk=pk)
    kind = request.POST.get("kind", "signed")
    if kind not in sends.KINDS:
        kind = "signed"
    try:
        answered = sends.send(connection, kind, request.POST.get("type", "")[:200])
    except sends.CannotSend as error:
        messages.error(request, str(error))
    else:
        log.record(
            "webhook.test_sent",
            request=request,
            target=connection,
            after={"kind": kind, "answered": answered},
        )
        said = gettext(", then ").join(map(str, answered))
        right = tuple(answered) == sends.EXPECTED[kind]
        expected = gettext("as it should") if right else gettext("which is not what it should be")
        messages.add_message(
            request,
            messages.SUCCESS if right else messages.ERROR,
            gettext("{kind}: our door answered {said}, {expected}.").format(
                kind=sends.KINDS[kind], said=said, expected=expected
            ),
        )
    return redirect(_back(request, connection))


def _back(request: HttpRequest, connection: Connection) -> str:
    """Return the page that asked, when it is one of ours."""
    asked = request.POST.get("next", "")
    return asked if url_has_allowed_host_and_scheme(asked, None) else connection.get_absolute_url()
