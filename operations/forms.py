"""The form in front of an operation or an action: which connection, what stands in it, and what comes out."""

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, QueryDict

from connections.models import Connection
from definitions import compose, forms
from definitions.forms import PlaceholderForm
from definitions.schema import Action, Operation, Placeholder
from operations import build, pickers, uploads
from operations.models import Run

OURS = {"connection", "once", "again", "preset", "confirmed", "intent", "csrfmiddlewaretoken"}


@dataclass(frozen=True, slots=True)
class Asking:
    """What a form is about: an operation, or an action that composes one."""

    operation: Operation
    action: Action | None = None

    @property
    def placeholders(self) -> tuple[Placeholder, ...]:
        """What it asks for."""
        return self.action.inputs if self.action else self.operation.placeholders

    def faults(self, values: Mapping[str, Any]) -> dict[str, str]:
        """Return what an action finds wrong with its inputs as a whole."""
        return compose.faults(self.action, values) if self.action else {}


def form(
    asking: Asking,
    connection: Connection | None,
    request: HttpRequest,
    before: Run | None,
    preset: Mapping[str, Any],
) -> PlaceholderForm:
    """Return the form, filled with what was posted, else with a former run, a preset, what the address
    says."""
    offered = pickers.offers(connection, asking.placeholders) if connection else {}
    made = forms.form_for(asking.placeholders, suggestions=offered)
    if request.method == "POST":
        posted = made(request.POST, request.FILES)
        _keep_uploads(posted, before, asking)
        return posted
    return made(initial=initial(asking, request.GET, before, preset))


def initial(
    asking: Asking, query: QueryDict, before: Run | None, preset: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the values that a form opens with: a former run's or a preset's, under what the address says."""
    said = {name: _from_query(query, placeholder) for name, placeholder in _asked(asking, query)}
    defaults = {one.name: one.default for one in asking.placeholders if one.default is not None}
    return (dict(before.inputs) if before else defaults | dict(preset)) | said


def values(form: PlaceholderForm, before: Run | None, asking: Asking) -> dict[str, Any]:
    """Return the cleaned values with uploads on disk; a file box left empty keeps the former run's file."""
    cleaned = uploads.kept(form.cleaned_data)
    for placeholder in asking.placeholders:
        if placeholder.type == "File" and not cleaned.get(placeholder.name) and before is not None:
            cleaned[placeholder.name] = before.values().get(placeholder.name, "")
    return cleaned


def add_errors(form: PlaceholderForm, errors: Mapping[str, str]) -> None:
    """Put the sentences at their fields; what belongs to none stands above all."""
    for name, sentence in errors.items():
        form.add_error(name if name in form.fields else None, sentence)


def faults(form: PlaceholderForm, asking: Asking, given: Mapping[str, Any]) -> bool:
    """Check the inputs as a whole and mark what is wrong; says whether something was."""
    found = asking.faults(given)
    add_errors(form, found)
    return bool(found)


def once(request: HttpRequest) -> uuid.UUID | None:
    """Return the form's one-time token, or None when it is no such token."""
    try:
        return uuid.UUID(request.POST.get("once", ""))
    except ValueError:
        return None


def shareable(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that fit into an address: no files, nothing blank or long, JSON as text."""
    said = {name: _in_address(value) for name, value in values.items() if value not in ("", None, [])}
    return {name: value for name, value in said.items() if value is not None and len(str(value)) <= 1_000}


def _in_address(value: Any) -> Any:
    """Return a value as `_from_query` reads it again; None for a file."""
    parts = value if isinstance(value, list) else [value]
    if any(isinstance(part, build.FileRef) for part in parts):
        return None
    is_tree = isinstance(value, dict | bool) or any(isinstance(part, dict | list) for part in parts)
    return json.dumps(value, ensure_ascii=False) if is_tree else value


def _asked(asking: Asking, query: QueryDict) -> Iterable[tuple[str, Placeholder]]:
    known = {one.name: one for one in asking.placeholders if one.type != "File"}
    return ((name, known[name]) for name in query if name in known and name not in OURS)


def _from_query(query: QueryDict, placeholder: Placeholder) -> Any:
    return query.getlist(placeholder.name) if placeholder.multiple else query[placeholder.name]


def _keep_uploads(form: PlaceholderForm, before: Run | None, asking: Asking) -> None:
    for name in before.uploads if before else ():
        if name in form.fields:
            form.fields[name].required = False
