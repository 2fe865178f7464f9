"""Build the HTTP request of an operation from values and credentials: pure, no socket, no database."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from definitions.schema import Operation, Service


@dataclass(frozen=True, slots=True)
class FileRef:
    """A file that is already on disk and waits to be sent. Travels in a run's inputs as `as_json`."""

    path: str
    filename: str
    content_type: str = "application/octet-stream"
    size: int = 0


@dataclass(frozen=True, slots=True)
class FilePart:
    """One file part of a multipart request."""

    name: str
    file: FileRef


@dataclass(frozen=True, slots=True)
class Request:
    """A request ready to be sent. Either `body` holds the bytes, or `form` and `files` are sent as multipart."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None = None
    form: tuple[tuple[str, str], ...] = ()
    files: tuple[FilePart, ...] = ()


class InputErrors(ValueError):
    """Some values do not fit; `errors` maps a placeholder's name to one sentence."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {sentence}" for name, sentence in errors.items()))
        self.errors = dict(errors)


def request(
    service: Service,
    operation: Operation,
    values: Mapping[str, Any],
    credentials: Mapping[str, str],
    *,
    base_url: str = "",
    options: Mapping[str, str] = {},
) -> Request:
    """Return the request that `operation` makes with `values`. Raises InputErrors.

    A name absent from `values` takes its placeholder's default; "" and [] are blank and drop their member; None is
    null where the placeholder is clearable and blank elsewhere. `options` fills the service's optional headers.
    """
    raise NotImplementedError


def masked(request: Request, credentials: Mapping[str, str]) -> dict[str, Any]:
    """Return `{"method", "url", "headers", "body", "files"}` for preview and storage, every credential masked."""
    raise NotImplementedError
