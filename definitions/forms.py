"""Turn an operation's placeholders into a Django form whose clean data is what the request is built from."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms

from definitions.schema import Operation, Placeholder


def form_class(operation: Operation, *, suggestions: Mapping[str, Sequence[Any]] = {}) -> type[forms.Form]:
    """Return a form for `operation`; `suggestions` offers values per placeholder name, still free to type.

    `cleaned_data` goes straight into `operations.build.request`: "" is blank, None is an explicit null, JSON is parsed,
    an uploaded file stays Django's UploadedFile until the caller has put it on disk as a FileRef.
    """
    return form_for(operation.placeholders, suggestions=suggestions)


def form_for(
    placeholders: Iterable[Placeholder], *, suggestions: Mapping[str, Sequence[Any]] = {}
) -> type[forms.Form]:
    """Return a form for any placeholders: an operation's, an action's inputs, a service's credentials."""
    raise NotImplementedError
