"""What can be done with a refused delivery: try a secret on it, and verify it again."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from connections.signing import BadSecret
from people.access import person_of, role_required
from people.models import Person
from webhooks import late
from webhooks.claims import claims
from webhooks.doctor import Delivery, Finding, examine
from webhooks.models import Rejection
from webhooks.suspects import suspects


def findings(row: Rejection, person: Person, candidate: str = "") -> list[Finding]:
    """Return what the doctor says of a refused delivery. Raises BadSecret for a candidate that is no
    secret. Nothing of a signature whose body is not kept.
    """
    delivery = Delivery(dict(row.header_pairs), row.raw or b"", row.arrived_at)
    signed = bool(claims(delivery.headers))
    if row.raw is None and signed:
        return []
    # Where there is no signature, no secret can have made it: to open twelve took 2 ms of the page.
    return examine(delivery, suspects(row.connection, person, candidate) if signed or candidate else [])


@require_POST
@role_required("operator")
@sensitive_post_parameters("secret")
def try_secret(request: HttpRequest, pk: int) -> HttpResponse:
    """Try a signing secret on a refused delivery; it is neither kept nor shown again."""
    row = _row(request, pk)
    try:
        said: dict[str, Any] = {
            "tried": findings(row, person_of(request), request.POST.get("secret", "").strip()[:500])
        }
    except BadSecret as error:
        said = {"bad_secret": str(error)}
    return render(request, "webhooks/tried.html", {"row": row, **said})


@require_POST
@role_required("operator")
def verify(request: HttpRequest, pk: int) -> HttpResponse:
    """Verify one refused delivery again, or all of its endpoint and cause."""
    row, person = _row(request, pk), person_of(request)
    if request.POST.get("all"):
        outcome = late.verify_all(row, person)
        messages.info(
            request,
            gettext("Became events: {accepted}. Still refused: {refused}.").format(
                accepted=outcome.accepted, refused=outcome.refused
            ),
        )
        return redirect(row)
    try:
        event = late.verify_again(row, person)
    except late.StillRefused as error:
        messages.error(request, str(error))
        return redirect(row)
    messages.success(request, gettext("It is verified and has become this event."))
    return redirect(event)


def _row(request: HttpRequest, pk: int) -> Rejection:
    rows = Rejection.objects.for_user(person_of(request)).select_related("connection")
    found: Rejection = get_object_or_404(rows, pk=pk)
    return found
