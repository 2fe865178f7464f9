"""The forms of an endpoint's page."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from webhooks.models import Policy, Silence
from webhooks.sends import delivered


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]
    """Whether thin events are completed, and how long events are kept."""

    not_hydrated = forms.MultipleChoiceField(
        label=_("Left thin"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Each completion is a call."),
    )

    class Meta:
        model = Policy
        fields = ("hydrate", "not_hydrated", "keep_days", "keep_count")
        help_texts = {
            "hydrate": _("A thin event names its object and no more; the object is then fetched."),
            "keep_days": _("Blank: for ever. What a sender may repeat is still recognised after that."),
            "keep_count": _("Blank: no limit."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        types = delivered(self.instance.connection.definition)
        self.fields["not_hydrated"].choices = [(one, one) for one in types]  # type: ignore[attr-defined]
        for name in ("keep_days", "keep_count"):
            self.fields[name].min_value = 1  # type: ignore[attr-defined]
            self.fields[name].widget.attrs["min"] = 1


class SilenceForm(forms.ModelForm):  # type: ignore[type-arg]
    """A watch on one event type."""

    hours = forms.IntegerField(label=_("Hours"), min_value=1, max_value=24 * 90, initial=24)
    type = forms.CharField(label=_("Type"), max_length=200, widget=forms.TextInput(attrs={"list": "types"}))

    class Meta:
        model = Silence
        fields = ("type", "hours")
