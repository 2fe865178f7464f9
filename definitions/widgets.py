"""The controls of generated forms that Django lacks: offered values, rows of a list, several files."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

SPARE_ROWS = 1  # blank rows below those that hold something; the page's script adds more


class Suggested(forms.TextInput):
    """A box that offers values and still takes any other."""

    template_name = "definitions/suggested.html"

    def __init__(self, suggestions: Sequence[Any], attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.suggestions = [pair if isinstance(pair, tuple) else (pair, "") for pair in suggestions]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Add the offered values, and the id by which the box finds them."""
        context = super().get_context(name, value, attrs)
        list_id = f"{context['widget']['attrs'].get('id', name)}_offers"
        context["widget"]["attrs"]["list"] = list_id
        return context | {"suggestions": self.suggestions, "list_id": list_id}


class Rows(forms.Widget):
    """A list of values, one row each, all under the same name."""

    template_name = "definitions/rows.html"

    def __init__(self, multiline: bool = False, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.multiline = multiline

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Add the rows: one for each value, and a spare one."""
        context = super().get_context(name, value, attrs)
        values = value if isinstance(value, list) else [value] if value else []
        return context | {"rows": [*values, *[""] * SPARE_ROWS], "multiline": self.multiline}

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> list[Any]:
        """Return all values sent under the name."""
        found = data.getlist(name) if isinstance(data, QueryDict | MultiValueDict) else data.get(name, [])
        return found if isinstance(found, list) else [found]

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        """Tell whether nothing was sent under the name."""
        return name not in data

    def id_for_label(self, id_: str) -> str:
        """Return the id of the first row, so that the label points at it."""
        return f"{id_}_0" if id_ else ""


class Files(forms.FileInput):
    """A file box that takes several files."""

    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return all files sent under the name."""
        return files.getlist(name) if isinstance(files, MultiValueDict) else files.get(name, [])
