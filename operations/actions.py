"""The named actions: how an action's inputs become the values of its operation when a run goes out."""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.utils.translation import gettext

from definitions import catalog, compose
from definitions.schema import Action
from operations.build import FileRef


class UnknownAction(LookupError):
    """The service has no action of that handle."""


def action(service: str, handle: str) -> Action:
    """Return an action. Raises UnknownAction, catalog.UnknownService."""
    found = catalog.service(service).action(handle)
    if found is None:
        raise UnknownAction(
            gettext("{service} has no action {handle!r}.").format(service=service, handle=handle)
        )
    return found


def composed(service: str, handle: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the operation's values for an action's inputs; without an action they are the values already.

    Pictures become data: addresses only here, on the way out, and never stand in a row."""
    return compose.compose(action(service, handle), inputs, as_url) if handle else dict(inputs)


def as_url(file: Any) -> str:
    """Return a file as a data: address; what is no file is an address already."""
    if not isinstance(file, FileRef):
        return str(file)
    data = base64.b64encode(Path(file.path).read_bytes()).decode()
    return f"data:{file.content_type};base64,{data}"
