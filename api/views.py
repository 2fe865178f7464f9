"""One's own API tokens, and the API's description for people."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from api import service, tokens
from api.forms import TokenForm
from api.models import Token
from people.access import fresh_required, person_of


@never_cache
@fresh_required
@require_http_methods(["GET", "POST"])
def token_list(request: HttpRequest) -> HttpResponse:
    """Show one's tokens; take the form for a new one and show it, this once."""
    person = person_of(request)
    form = TokenForm(request.POST or None, person=person)
    text = ""
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        _, text = tokens.make(
            person,
            data["name"],
            data["scope"],
            int(data["days"]),
            connections=[one.pk for one in data["connections"]],
            request=request,
        )
        form = TokenForm(person=person)
    own = Token.objects.filter(person=person, withdrawn_at=None)
    return render(request, "api/tokens.html", {"form": form, "text": text, "tokens": own})


@require_POST
def withdraw_token(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of one's own tokens; an admin ends anybody's."""
    person = person_of(request)
    open_to = Token.objects.all() if person.may("admin") else Token.objects.filter(person=person)
    tokens.withdraw(get_object_or_404(open_to, pk=pk, withdrawn_at=None), request)
    return redirect("tokens:list")


@require_GET
def reference(request: HttpRequest) -> HttpResponse:
    """Show what the API can do, from its own description."""
    document = service.api.get_openapi_schema()
    calls = [
        (method.upper(), path, operation["description"], operation["tags"][0])
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    return render(request, "api/reference.html", {"calls": calls})
