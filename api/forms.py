"""The form for a new API token."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from api.models import SCOPE_ROLE, Scope
from connections.models import Connection
from people.models import Person

LIFETIMES = [
    ("7", _("in a week")),
    ("30", _("in a month")),
    ("90", _("in three months")),
    ("365", _("in a year")),
]


class TokenForm(forms.Form):
    """A new API token: what it is for, what it may do, and until when."""

    name = forms.CharField(
        label=_("What for"), max_length=100, help_text=_("The script or machine that will use it.")
    )
    scope = forms.ChoiceField(label=_("It may"), choices=())
    days = forms.ChoiceField(label=_("Expires"), choices=LIFETIMES, initial="90")
    connections = forms.ModelMultipleChoiceField(
        Connection.objects.none(),
        label=_("Only through these connections"),
        required=False,
        help_text=_("None chosen: all that you may use."),
    )

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        """Offer the scopes that the person's own role covers, and the connections that lie open to them."""
        super().__init__(*args, **kwargs)
        self.fields["connections"].queryset = Connection.objects.for_user(person)  # type: ignore[attr-defined]
        allowed = [(value, label) for value, label in Scope.choices if person.may(SCOPE_ROLE[Scope(value)])]
        self.fields["scope"].choices = allowed  # type: ignore[attr-defined]
