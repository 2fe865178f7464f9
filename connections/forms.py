"""The forms of this room; a service's credentials decide which fields they have, and no secret comes back."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from connections import fields, hosts
from connections.connecting import NAME_TAKEN, Entered
from connections.models import Connection
from definitions.schema import Placeholder, Service
from people.models import Person, Role

KEEP_HOURS = [(0, _("not at all")), (1, _("1 hour")), (24, _("1 day")), (72, _("3 days")), (168, _("7 days"))]


class ConnectionForm(forms.Form):
    """Connects an account, or changes one: `connection` given, empty secrets are kept."""

    name = forms.CharField(
        max_length=100,
        help_text=_("What you call this account: “Research”, “Production”."),
        validators=[fields.check_storable],
    )

    def __init__(
        self,
        service: Service,
        *args: Any,
        connection: Connection | None = None,
        with_signing: bool = True,
        **kwargs: Any,
    ) -> None:
        self.service, self.connection = service, connection
        super().__init__(*args, **kwargs)
        self._placeholders: dict[str, Placeholder] = {}
        for placeholder in service.auth.placeholders:
            field = fields.credential_field(placeholder, kept=connection is not None)
            self._add(f"credential-{placeholder.name}", placeholder, field)
        if with_signing:
            self.fields["webhook_secret"] = fields.signing_field(service, required=False)
        if connection is None or not connection.practice:
            self.fields["base_url"] = fields.base_url_field(service)
        for placeholder in service.optional_headers:
            self._add(f"option-{placeholder.name}", placeholder, fields.option_field(placeholder))

    @property
    def entered(self) -> Entered:
        """What a valid form holds."""
        return Entered(
            name=self.cleaned_data["name"],
            base_url=self.cleaned_data.get("base_url", ""),
            options=self._entered("option-"),
            credentials=self._entered("credential-"),
            webhook_secret=self.cleaned_data.get("webhook_secret", ""),
        )

    def folded(self) -> list[forms.BoundField]:
        """Return the fields that most people leave alone."""
        return [field for field in self if field.name == "base_url" or field.name.startswith("option-")]

    def folded_open(self) -> bool:
        """Say whether one of them holds something or is wrong."""
        return any(field.value() or field.errors for field in self.folded())

    def folded_label(self) -> str:
        """Return the names of the folded fields as one line."""
        names = ", ".join(str(field.label) for field in self.folded())
        return gettext("Optional: {names}").format(names=names)

    def shown(self) -> list[forms.BoundField]:
        """Return the fields that everybody fills."""
        hidden = {field.name for field in self.folded()}
        return [field for field in self if field.name not in hidden]

    def clean_name(self) -> str:
        """Refuse a name that another connection has."""
        name = str(self.cleaned_data["name"])
        others = Connection.objects.filter(name=name)
        if others.exclude(pk=self.connection.pk if self.connection else None).exists():
            raise forms.ValidationError(NAME_TAKEN)
        return name

    def clean_base_url(self) -> str:
        """Drop the slash at the end: paths of the definition begin with one."""
        return str(self.cleaned_data["base_url"]).rstrip("/")

    def clean_webhook_secret(self) -> str:
        """Refuse a secret that is none, or that another endpoint has."""
        return fields.checked_signing_secret(
            self.service, self.cleaned_data["webhook_secret"], self.connection
        )

    def clean(self) -> dict[str, Any]:
        """Ask for the credentials again when they would go to another host than they were entered for."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.connection and self._moves(cleaned.get("base_url")):
            for name, placeholder in self._placeholders.items():
                if name.startswith("credential-") and placeholder.required and not cleaned.get(name):
                    self.add_error(
                        name, gettext("The base URL changed: enter this again, for the new address.")
                    )
        return cleaned

    def _moves(self, base_url: str | None) -> bool:
        if base_url is None or self.connection is None or self.connection.practice:
            return False
        return hosts.origin(base_url or self.service.base_url) != self.connection.bound_to

    def _add(self, name: str, placeholder: Placeholder, field: forms.CharField) -> None:
        self._placeholders[name] = placeholder
        self.fields[name] = field

    def _entered(self, prefix: str) -> dict[str, str]:
        names = [name for name in self._placeholders if name.startswith(prefix)]
        values = {name.removeprefix(prefix): self.cleaned_data.get(name, "") for name in names}
        return {name: value for name, value in values.items() if value}


class SigningForm(forms.Form):
    """Sets or rotates the webhook signing secret."""

    keep_hours = forms.TypedChoiceField(
        label=_("The old secret stays good for"),
        choices=KEEP_HOURS,
        coerce=int,
        initial=24,
        help_text=_(
            "Long enough for you to enter the new one at the service, and for its repeats to arrive."
        ),
    )

    def __init__(self, connection: Connection, *args: Any, **kwargs: Any) -> None:
        self.connection = connection
        super().__init__(*args, **kwargs)
        self.fields["webhook_secret"] = fields.signing_field(connection.definition, required=True)
        self.order_fields(["webhook_secret", "keep_hours"])
        if not connection.secrets.signing().exists():
            del self.fields["keep_hours"]

    def clean_webhook_secret(self) -> str:
        """Refuse a secret that is none, or that another endpoint has."""
        return fields.checked_signing_secret(
            self.connection.definition, self.cleaned_data["webhook_secret"], self.connection
        )


class AccessForm(forms.Form):
    """Limits a connection to a role and to named people."""

    limited = forms.BooleanField(
        label=_("Only some people may see and use this connection"),
        required=False,
        help_text=_("Admins see every connection. Without the tick everybody does who is signed in."),
    )
    role = forms.ChoiceField(
        label=_("Open to a role"),
        required=False,
        choices=[("", _("no role")), (Role.OPERATOR, _("operators"))],
    )
    people = forms.ModelMultipleChoiceField(
        label=_("Open to these people by name"),
        required=False,
        queryset=Person.objects.filter(is_active=True).exclude(role=Role.ADMIN).order_by("username"),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
    )
