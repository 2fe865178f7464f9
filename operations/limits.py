"""The form of what a connection allows itself, and of the prices that make its costs."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from definitions import catalog
from operations.models import Policy, Price


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]  # ModelForm takes no argument at run time
    """Limits, budget and retention of one connection."""

    class Meta:
        model = Policy
        fields = ["at_once", "a_minute", "budget", "keep_days", "keep_runs"]
        labels = {
            "at_once": _("Calls at once"),
            "a_minute": _("Calls a minute"),
            "budget": _("Budget a day, in $"),
            "keep_days": _("Keep runs for days"),
            "keep_runs": _("Keep at most so many runs"),
        }
        help_texts = {
            "at_once": _("More wait their turn; other connections do not wait for them."),
            "a_minute": _("Blank: as many as come."),
            "budget": _("By the price table, a day in UTC. When it is used up nothing is sent. Blank: none."),
            "keep_days": _(
                "Older runs go with their answers and files, except pinned ones. Blank: for ever."
            ),
            "keep_runs": _("The oldest go first, except pinned ones. Blank: all."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("at_once", "a_minute"):
            self.fields[name].widget.attrs["min"] = 1

    def clean_at_once(self) -> int:
        """Refuse zero: a connection is switched off on its own page."""
        return int(self._positive("at_once") or 1)

    def clean_a_minute(self) -> int | None:
        """Refuse zero."""
        return self._positive("a_minute")

    def _positive(self, name: str) -> int | None:
        value: int | None = self.cleaned_data[name]
        if value == 0:
            raise forms.ValidationError(gettext("At least 1; to stop all calls, disable the connection."))
        return value


class PriceForm(forms.ModelForm):  # type: ignore[type-arg]
    """One line of the price table."""

    class Meta:
        model = Price
        fields = ["service", "model", "per_million_in", "per_million_out"]
        labels = {
            "service": _("Service"),
            "model": _("Model"),
            "per_million_in": _("$ for a million tokens in"),
            "per_million_out": _("$ for a million tokens out"),
        }
        help_texts = {"model": _("gpt-x, or gpt-x* for all that begin so.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [(one.handle, one.short) for one in catalog.services()]
        self.fields["service"].widget = forms.Select({"class": "form-select"}, offered)
        for name in ("per_million_in", "per_million_out"):
            self.fields[name].widget.attrs |= {"min": 0, "step": "any"}
