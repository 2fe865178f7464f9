"""Tokens and money by connection and day, the price table, and the limits of each connection."""

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from audit import log
from connections.models import Connection
from operations import breaker, ledger, retention, spending
from operations.limits import PolicyForm, PriceForm
from operations.models import Policy, Price
from people.access import person_of, role_required

PERIODS = {"7": 7, "30": 30, "90": 90}


@require_GET
def spent(request: HttpRequest) -> HttpResponse:
    """Show what the connections that this person may see used, as a chart and a table."""
    person = person_of(request)
    days = PERIODS.get(request.GET.get("days", ""), 30)
    visible = Connection.everything.for_user(person)
    context = {
        "ledger": ledger.of(visible, spending.today() - timedelta(days=days - 1), days),
        "days": days,
        "periods": PERIODS,
        "prices": Price.objects.all(),
        "form": PriceForm(instance=_edited(request)),
        "connections": Connection.objects.for_user(person).select_related("policy"),
        "resting": breaker.resting(),
        "may_change": person.may("admin"),
    }
    return render(request, "operations/spending.html", context)


def _edited(request: HttpRequest) -> Price | None:
    """Return the line of the price table that the address names for a change, if any."""
    number = request.GET.get("price", "")
    return Price.objects.filter(pk=number).first() if number.isdecimal() and len(number) < 10 else None


@require_POST
@role_required("admin")
def add_price(request: HttpRequest) -> HttpResponse:
    """Add a line to the price table; the same model again replaces its line."""
    # The form refuses a NUL with a sentence; the look-up before it must not fail on one (found by fuzzing).
    service, model = (request.POST.get(name, "").replace("\0", "") for name in ("service", "model"))
    known = Price.objects.filter(service=service, model=model).first()
    form = PriceForm(request.POST, instance=known)
    if form.is_valid():
        price = form.save()
        log.record("price.set", request=request, target=price, after=form.cleaned_data)
    else:
        messages.error(request, " ".join(f"{name}: {text[0]}" for name, text in form.errors.items()))
    return redirect("operations:spending")


@require_POST
@role_required("admin")
def delete_price(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a line of the price table; what was counted stays counted."""
    price = get_object_or_404(Price, pk=pk)
    log.record("price.removed", request=request, target=price)
    price.delete()
    return redirect("operations:spending")


@require_http_methods(["GET", "POST"])
@role_required("admin")
def limits(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Set what a connection allows itself; shows what its retention would remove before it is saved."""
    connection = get_object_or_404(Connection.objects.for_user(person_of(request)), pk=pk)
    policy = Policy.objects.filter(connection=connection).first() or Policy(connection=connection)
    form = PolicyForm(request.POST or None, instance=policy)
    context = {"connection": connection, "form": form, "preview": None}
    if request.method == "POST" and form.is_valid():
        days, runs = form.cleaned_data["keep_days"], form.cleaned_data["keep_runs"]
        context["preview"] = retention.preview(connection, days, runs)
        if request.POST.get("intent") == "save":
            form.save()
            log.record("limits.set", request=request, target=connection, after=form.cleaned_data)
            messages.success(
                request, gettext("The limits of “{connection}” are set.").format(connection=connection)
            )
            return redirect("operations:spending")
    return render(request, "operations/limits.html", context, status=422 if form.errors else 200)
