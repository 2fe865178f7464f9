"""The forms of the people pages."""

from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from people.models import Person, Role

NEW = forms.PasswordInput(attrs={"autocomplete": "new-password"})


class WelcomeForm(forms.Form):
    """A name and a password for someone who comes in by a link."""

    username = forms.CharField(
        label=_("Name"),
        max_length=150,
        help_text=_("You sign in with it, and others see it beside what you do."),
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True}),
        validators=Person._meta.get_field("username").validators,
    )
    password = forms.CharField(
        label=_("Password"),
        help_text=_("At least 12 characters; a few words are fine."),
        strip=False,
        widget=NEW,
    )
    repeat = forms.CharField(label=_("The same password again"), strip=False, widget=NEW)

    def __init__(self, *args: Any, person: Person | None = None, **kwargs: Any) -> None:
        """Ask no name when the link is for someone who is here already."""
        super().__init__(*args, **kwargs)
        self.person = person
        if person:
            del self.fields["username"]

    def clean_username(self) -> str:
        """Refuse a name that someone has, in whatever case."""
        name: str = self.cleaned_data["username"]
        if Person.objects.filter(username__iexact=name).exists():
            raise ValidationError(gettext("Someone here has this name: choose another one."))
        return name

    def clean(self) -> dict[str, Any]:
        """Compare the two passwords, and hold the password against the rules and the name."""
        data = super().clean() or {}
        password = data.get("password", "")
        if password and "repeat" in data and data["repeat"] != password:
            self.add_error("repeat", gettext("The two passwords differ: type them again."))
        elif password:
            self._judge(password, data.get("username", ""))
        return data

    def _judge(self, password: str, username: str) -> None:
        try:
            password_validation.validate_password(password, self.person or Person(username=username))
        except ValidationError as problem:
            self.add_error("password", problem)


class InviteForm(forms.Form):
    """Whom to invite, and what they may do."""

    note = forms.CharField(
        label=_("For whom"), max_length=120, help_text=_("A name or address, for your own list.")
    )
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.VIEWER)


class RoleForm(forms.Form):
    """What someone may do from now on."""

    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)
