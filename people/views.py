"""The people pages: coming in, who is here, one's own account."""

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from audit import log
from people import factors, invitations
from people.access import fresh_required, person_of, role_required
from people.forms import InviteForm, RoleForm, WelcomeForm
from people.models import Invitation, Person, Role


@never_cache
@sensitive_post_parameters("password", "repeat")
@login_not_required
@require_http_methods(["GET", "POST"])
def welcome(request: HttpRequest, token: str) -> HttpResponse:
    """Let someone with a one-time link choose a name and a password, and sign them in."""
    try:
        invitation = invitations.find(token)
        form = WelcomeForm(request.POST or None, person=invitation.person)
        if request.method == "POST" and form.is_valid():
            data = form.cleaned_data
            someone = invitations.accept(token, data.get("username", ""), data["password"], request)
            # As if typed on the sign-in page a moment ago: the same record, the same stages after it.
            return perform_password_login(request, {"username": someone.username}, Login(user=someone))
    except invitations.LinkUsed:
        return render(request, "people/link_used.html", status=410)
    return render(request, "people/welcome.html", {"form": form, "invitation": invitation})


@require_http_methods(["GET"])
def people(request: HttpRequest) -> HttpResponse:
    """Show who is here; an admin also sees the invitations that wait."""
    rows = factors.shown(Person.objects.order_by("-is_active", "username"))
    waiting = (
        Invitation.objects.waiting() if person_of(request).may(Role.ADMIN) else Invitation.objects.none()
    )
    return render(
        request, "people/people.html", {"people": rows, "invitations": waiting, "roles": Role.choices}
    )


@never_cache
@role_required("admin")
@fresh_required
@require_http_methods(["GET", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    """Make a one-time link and show it, this once."""
    form = InviteForm(request.POST or None)
    link = ""
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        _, link = invitations.invite(data["role"], by=person_of(request), note=data["note"], request=request)
    return render(request, "people/invite.html", {"form": form, "link": link})


@role_required("admin")
@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an invitation back."""
    with transaction.atomic():
        invitation = get_object_or_404(Invitation.objects.waiting(), pk=pk)
        invitation.withdrawn_at = timezone.now()
        invitation.save(update_fields=["withdrawn_at"])
        log.record("invitation.withdrawn", request=request, target=invitation)
    messages.success(request, gettext("The link does not work any more."))
    return redirect("people:list")


@role_required("admin")
@fresh_required
@require_http_methods(["GET", "POST"])
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one person to an admin, and change the role."""
    someone = get_object_or_404(Person, pk=pk)
    form = RoleForm(request.POST or None, initial={"role": someone.role})
    if request.method == "POST" and form.is_valid():
        if someone.is_last_admin and form.cleaned_data["role"] != Role.ADMIN:
            form.add_error("role", gettext("This is the only admin: make someone else an admin first."))
        else:
            _set_role(request, someone, form.cleaned_data["role"])
            return redirect("people:list")
    return render(request, "people/person.html", {"someone": someone, "form": form})


def _set_role(request: HttpRequest, someone: Person, role: str) -> None:
    with transaction.atomic():
        before, someone.role = someone.role, role
        someone.save(update_fields=["role"])
        log.record(
            "person.role_changed",
            request=request,
            target=someone,
            before={"role": before},
            after={"role": role},
        )
    messages.success(
        request,
        gettext("{someone} is now {role}.").format(someone=someone, role=someone.role_words),
    )


@role_required("admin")
@fresh_required
@require_POST
def set_active(request: HttpRequest, pk: int) -> HttpResponse:
    """Shut someone out (their sessions end at once) or let them in again."""
    someone = get_object_or_404(Person, pk=pk)
    if someone.is_last_admin:
        messages.error(request, gettext("This is the only admin: make someone else an admin first."))
        return redirect("people:person", pk)
    with transaction.atomic():
        someone.is_active = not someone.is_active
        someone.save(update_fields=["is_active"])
        action = "person.let_in" if someone.is_active else "person.shut_out"
        log.record(action, request=request, target=someone)
    told = gettext("{someone} can sign in again.") if someone.is_active else gettext("{someone} is shut out.")
    messages.success(request, told.format(someone=someone))
    return redirect("people:list")


@never_cache
@role_required("admin")
@fresh_required
@require_POST
def reset(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a one-time link with which someone chooses a new password, and show it, this once."""
    someone = get_object_or_404(Person, pk=pk, is_active=True)
    _, link = invitations.invite(someone.role, by=person_of(request), person=someone, request=request)
    return render(request, "people/invite.html", {"link": link, "someone": someone})


@require_http_methods(["GET"])
def account(request: HttpRequest) -> HttpResponse:
    """Show one's own account: name, role, password, second factors, sessions, tokens."""
    return render(request, "people/account.html", {"has_second_factor": factors.has_any(person_of(request))})
