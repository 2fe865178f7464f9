"""Turn an operation's placeholders into a Django form whose clean data is what the request is built from."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from definitions import values
from definitions.schema import Operation, Placeholder
from definitions.widgets import Files, Rows, Suggested

CLEAR, AS_JSON = "clear_", "json_"  # extra boxes of a field: send null, read as JSON
YES_NO = (("", "—"), ("true", _("Yes")), ("false", _("No")))
Suggestions = Mapping[str, Sequence[Any]]  # values, or (value, label), by placeholder name
NO_SUGGESTIONS: Suggestions = {}


class PlaceholderField(forms.Field):
    """One placeholder as a form field.

    Its clean value is "" when blank, else cast to the placeholder's type.
    """

    def __init__(self, placeholder: Placeholder, widget: forms.Widget) -> None:
        super().__init__(
            required=placeholder.required,
            widget=widget,
            label=placeholder.label or placeholder.name,
            help_text=placeholder.description,
            initial=placeholder.default,
        )
        self.placeholder = placeholder

    def clean(self, value: Any) -> Any:
        """Return the cast value. Raises ValidationError with the sentence of `definitions.values`."""
        value = [item for item in value if not values.is_blank(item)] if isinstance(value, list) else value
        if values.is_blank(value):
            return self._blank()
        try:
            return self._several(values.cast(self.placeholder, value))
        except values.BadValue as error:
            raise forms.ValidationError(str(error)) from None

    def prepare_value(self, value: Any) -> Any:
        """Return a value as its control shows it: JSON as indented text, yes and no as their options."""
        if isinstance(value, bool):
            return "true" if value else "false"
        is_tree = isinstance(value, dict | list) and not isinstance(self.widget, Rows)
        return json.dumps(value, ensure_ascii=False, indent=2) if is_tree else value

    def _blank(self) -> str:
        if self.required:
            raise forms.ValidationError(gettext("This is required."))
        return ""

    def _several(self, value: Any) -> Any:
        """One text in the rows of a quoted placeholder is that text; several are a list."""
        single = isinstance(value, list) and len(value) == 1 and self.placeholder.json == "allowed"
        return value[0] if single and self.placeholder.multiple else value


class UploadField(PlaceholderField):
    """A File placeholder: its clean value is Django's UploadedFile, or a list of them, kind and size
    checked.
    """

    def clean(self, value: Any) -> Any:
        """Return the uploads as they came.

        Raises ValidationError for one of another kind, too large or empty.
        """
        if values.is_blank(value):
            return self._blank()
        for upload in value if isinstance(value, list) else [value]:
            self._check(upload)
        return value

    def prepare_value(self, value: Any) -> Any:
        """Return nothing: a browser does not take a file back."""
        return None

    def _check(self, upload: Any) -> None:
        accept, largest = self.placeholder.accept, self.placeholder.max_bytes
        if accept and PurePath(upload.name or "").suffix.lower() not in accept:
            raise forms.ValidationError(
                gettext("{name} is of another kind. Choose one of: {names}.").format(
                    name=upload.name, names=", ".join(accept)
                )
            )
        if largest and upload.size > largest:
            raise forms.ValidationError(
                gettext("{name} is too large: {size}, at most {largest}.").format(
                    name=upload.name, size=_size(upload.size), largest=_size(largest)
                )
            )
        if not upload.size:
            raise forms.ValidationError(gettext("{name} is empty.").format(name=upload.name))


class PlaceholderForm(forms.Form):
    """A form over placeholders; the extra boxes for null and JSON are taken into their fields' values."""

    placeholders: tuple[Placeholder, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = dict(self.initial)
        for placeholder in self.placeholders:
            self._tick_boxes(placeholder)

    def clean(self) -> dict[str, Any]:
        """Return the values by placeholder name, and nothing else."""
        cleaned = super().clean() or self.cleaned_data
        for placeholder in self.placeholders:
            name = placeholder.name
            if cleaned.pop(AS_JSON + name, False) and cleaned.get(name):
                self._read_json(cleaned, placeholder)
            if cleaned.pop(CLEAR + name, False):
                self._clear(cleaned, name)
        return cleaned

    def _tick_boxes(self, placeholder: Placeholder) -> None:
        """Tick the extra boxes as the initial values say: a list is JSON, None is null."""
        said = self.initial.get(placeholder.name, "")
        if has_json_box(placeholder):
            self.initial[AS_JSON + placeholder.name] = isinstance(said, dict | list)
        if placeholder.clearable:
            self.initial[CLEAR + placeholder.name] = said is None

    def _read_json(self, cleaned: dict[str, Any], placeholder: Placeholder) -> None:
        try:
            cleaned[placeholder.name] = values.parse_json(cleaned[placeholder.name], placeholder.shape)
        except values.BadValue as error:
            self.add_error(placeholder.name, str(error))

    def _clear(self, cleaned: dict[str, Any], name: str) -> None:
        if cleaned.get(name):
            self.add_error(name, gettext("Either clear it or give a value, not both."))
        cleaned[name] = None


def form_class(operation: Operation, *, suggestions: Suggestions = NO_SUGGESTIONS) -> type[PlaceholderForm]:
    """Return a form for `operation`; `suggestions` offers values per placeholder name, still free to type.

    `cleaned_data` goes straight into `operations.build.request`: "" is blank, None is an explicit null,
    JSON is parsed, an upload stays Django's UploadedFile until the caller has put it on disk as a FileRef.
    """
    return form_for(operation.placeholders, suggestions=suggestions)


def form_for(
    placeholders: Iterable[Placeholder], *, suggestions: Suggestions = NO_SUGGESTIONS
) -> type[PlaceholderForm]:
    """Return a form for any placeholders: an operation's, an action's inputs, a service's credentials."""
    wanted = tuple(placeholders)
    fields: dict[str, Any] = {}
    for placeholder in wanted:
        kind = UploadField if placeholder.type == "File" else PlaceholderField
        fields[placeholder.name] = kind(
            placeholder, widget_for(placeholder, suggestions.get(placeholder.name, ()))
        )
        if has_json_box(placeholder):
            fields[AS_JSON + placeholder.name] = forms.BooleanField(
                required=False, label=gettext("Read as JSON")
            )
        if placeholder.clearable:
            label = gettext("Clear {label}").format(label=(placeholder.label or placeholder.name).lower())
            fields[CLEAR + placeholder.name] = forms.BooleanField(required=False, label=label)
    made: type[PlaceholderForm] = type("GeneratedForm", (PlaceholderForm,), fields)
    made.placeholders = wanted
    return made


def has_json_box(placeholder: Placeholder) -> bool:
    """Tell whether a text may also be given as JSON, which the person then says by a box of its own (rule
    T5).
    """
    return placeholder.json == "allowed" and not placeholder.multiple


def widget_for(placeholder: Placeholder, suggestions: Sequence[Any] = ()) -> forms.Widget:
    """Return the control that fits a placeholder: the first of `WIDGETS` whose condition holds."""
    return next(make(placeholder, suggestions) for fits, make in WIDGETS if fits(placeholder, suggestions))


def _file_box(placeholder: Placeholder, suggestions: Sequence[Any]) -> forms.Widget:
    attrs = {"accept": ",".join(placeholder.accept)} if placeholder.accept else {}
    return Files(attrs | {"multiple": True}) if placeholder.multiple else forms.FileInput(attrs)


def _choice(placeholder: Placeholder, suggestions: Sequence[Any]) -> forms.Widget:
    blank = [] if placeholder.required and placeholder.default else [("", "—")]
    return forms.Select(choices=[*blank, *((option, option) for option in placeholder.options)])


def _number(placeholder: Placeholder, suggestions: Sequence[Any]) -> forms.Widget:
    step = "1" if placeholder.type == "Integer" else "any"
    bounds = {"min": placeholder.minimum, "max": placeholder.maximum, "step": step}
    return forms.NumberInput({name: bound for name, bound in bounds.items() if bound is not None})


def _json(placeholder: Placeholder, suggestions: Sequence[Any]) -> forms.Widget:
    example = {"array": "[ ]", "object": "{ }"}.get(placeholder.shape, "")
    attrs = {"rows": 6, "class": "font-monospace", "spellcheck": "false", "placeholder": example}
    return forms.Textarea(attrs | {"data-json": placeholder.shape or "any"})


def _size(size: int) -> str:
    return f"{size / (1 << 20):.1f} MiB" if size >= 1 << 20 else f"{size / 1024:.1f} KiB"


Fits = Callable[[Placeholder, Sequence[Any]], bool]
Make = Callable[[Placeholder, Sequence[Any]], forms.Widget]
WIDGETS: tuple[tuple[Fits, Make], ...] = (
    (lambda p, s: p.type == "File", _file_box),
    (lambda p, s: bool(p.options), _choice),
    (lambda p, s: p.type == "Boolean", lambda p, s: forms.Select(choices=YES_NO)),
    (lambda p, s: p.multiple, lambda p, s: Rows(p.multiline)),
    (lambda p, s: p.type in ("Integer", "Number"), _number),
    (lambda p, s: p.json == "required" or p.type == "Object", _json),
    (lambda p, s: p.place == "auth", lambda p, s: forms.PasswordInput({"autocomplete": "off"})),
    (lambda p, s: p.multiline, lambda p, s: forms.Textarea({"rows": 4})),
    (lambda p, s: bool(s), lambda p, s: Suggested(s)),
    (lambda p, s: True, lambda p, s: forms.TextInput({"autocomplete": "off"})),
)
