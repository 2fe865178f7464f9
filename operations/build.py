"""Build the HTTP request of an operation from values and credentials: pure, no socket, no database."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from django.utils.translation import gettext_noop

from definitions import template, values
from definitions.schema import Operation, Placeholder, Service

PATH_SAFE = "!$&'()*+,;=:@"  # what stays as it is inside one path segment (RFC 3986); ids carry ":"
HEADER = re.compile(r"[\x20-\x7e]*")  # no line break: a value must not begin a header of its own
MASK = "••••"
STREAM = "stream"  # the placeholder that asks for an answer piece by piece
UNKNOWN = gettext_noop("{} has no such input.")
REQUIRED = gettext_noop("This is required.")
LETTERS = gettext_noop("The header {} can only carry plain letters, digits and signs on one line.")
KEYLESS = gettext_noop("This connection has no {} yet: edit it and enter one.")


@dataclass(frozen=True, slots=True)
class FileRef:
    """A file that is already on disk and waits to be sent."""

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
    """A request ready to be sent: `body` holds its bytes, or `form` and `files` go out as multipart."""

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

    A name absent from `values` takes its placeholder's default; "" and [] are blank and drop their member;
    None is null where the placeholder is clearable and blank elsewhere. `options` fills the service's
    optional headers.
    """
    known = checked(operation, values)
    _check_credentials(service, credentials)
    url = (base_url or service.base_url).rstrip("/") + path(operation, known) + _query(operation, known)
    headers = (*_headers(service, operation, known, credentials, options),)
    if operation.content_type == "multipart/form-data":
        form, files = _parts(body(operation, known))
        return Request(operation.method, url, headers, form=form, files=files)
    tree = template.DROP if operation.body is None else body(operation, known)
    if tree is template.DROP:
        return Request(operation.method, url, headers)
    content = json.dumps(tree, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    return Request(operation.method, url, (*headers, ("Content-Type", operation.content_type)), content)


def checked(operation: Operation, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that take part, cast to their types; blanks are left out.

    Raises InputErrors with all faults.
    """
    known: dict[str, Any] = {}
    errors = {name: UNKNOWN.format(operation.key) for name in given if not operation.placeholder(name)}
    for placeholder in operation.placeholders:
        try:
            known.update(_checked_one(placeholder, given.get(placeholder.name, placeholder.default), given))
        except values.BadValue as error:
            errors[placeholder.name] = str(error)
    if errors:
        raise InputErrors(errors)
    return known


def path(operation: Operation, known: Mapping[str, Any]) -> str:
    """Return the path with every value as one escaped segment.

    Raises InputErrors for "." and ".." (rule T6).
    """
    text = template.parse_text(operation.path)
    filled = template.fill_text(text, known, lambda value: quote(value, safe=PATH_SAFE))
    if any(segment in (".", "..") for segment in str(filled).split("/")):
        raise InputErrors(
            {slot.name: gettext_noop("An id cannot be made of dots alone.") for slot in template.slots(text)}
        )
    return str(filled)


def body(operation: Operation, known: Mapping[str, Any]) -> Any:
    """Return the body as a tree: the template filled, and what it does not use as members of their own
    (rule T4).
    """
    filled = template.fill(operation.body, known)
    used = set(template.names(operation.body))
    if not isinstance(filled, dict):
        return filled
    own = [p.name for p in operation.placeholders if p.place == "body" and p.name not in used]
    streamed = operation.stream.members if operation.stream and known.get(STREAM) is True else {}
    return {**filled, **{name: known[name] for name in own if name in known}, **streamed}


def masked(request: Request, credentials: Mapping[str, str]) -> dict[str, Any]:
    """Return `{"method", "url", "headers", "body", "files"}` for preview and storage, every credential
    masked.
    """
    secrets = sorted((secret for secret in credentials.values() if secret), key=len, reverse=True)
    escaped = [quote(secret, safe=safe) for secret in secrets for safe in ("", PATH_SAFE)]
    content: Any = dict(request.form) if request.form or request.files else _shown(request.body)
    return {
        "method": request.method,
        "url": _mask(request.url, [*secrets, *escaped]),
        "headers": {name: _mask(value, secrets) for name, value in request.headers},
        "body": _mask_tree(content, secrets),
        "files": [_described(part) for part in request.files],
    }


def _checked_one(placeholder: Placeholder, value: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    if value is None and placeholder.clearable and placeholder.name in given:
        return {placeholder.name: None}
    value = values.cast(placeholder, value) if not values.is_blank(value) else None
    if not values.is_blank(value):
        return {placeholder.name: value}
    if placeholder.required:
        raise values.BadValue(REQUIRED)
    return {}


def _check_credentials(service: Service, credentials: Mapping[str, str]) -> None:
    absent = [p for p in service.auth.placeholders if p.required and not credentials.get(p.name)]
    if absent:
        raise InputErrors({p.name: KEYLESS.format(p.label or p.name) for p in absent})


def _query(operation: Operation, known: Mapping[str, Any]) -> str:
    pairs = [(name, text) for name, template_text in operation.query for text in _param(template_text, known)]
    return "?" + urlencode(pairs, quote_via=quote, safe="") if pairs else ""


def _param(text: str, known: Mapping[str, Any]) -> list[str]:
    """Return the values that a parameter is sent with: none when blank, several when a list fills it."""
    parsed = template.parse_text(text)
    alone = parsed.parts[0] if len(parsed.parts) == 1 else None
    if isinstance(alone, template.Slot) and isinstance(known.get(alone.name), list):
        return [template.as_text(item) for item in known[alone.name]]
    filled = template.fill_text(parsed, known)
    return [] if filled is template.DROP else [filled]


def _headers(
    service: Service,
    operation: Operation,
    known: Mapping[str, Any],
    credentials: Mapping[str, str],
    options: Mapping[str, str],
) -> Iterator[tuple[str, str]]:
    optional = [(p.header, "{{" + p.name + "}}") for p in service.optional_headers]
    auth, accept = (service.auth.header, service.auth.template), ("Accept", operation.accept)
    templates = [
        ("Accept", "application/json"),
        *service.headers,
        *optional,
        auth,
        accept,
        *operation.headers,
    ]
    said = {name: value for name, value in options.items() if not values.is_blank(value)}
    merged = {name.lower(): (name, text) for name, text in templates if name and text}
    for name, text in merged.values():
        value = template.fill_text(template.parse_text(text), {**said, **known, **credentials})
        if value is template.DROP:
            continue
        if not HEADER.fullmatch(value):
            raise InputErrors(dict.fromkeys(template.names(template.parse_text(text)), LETTERS.format(name)))
        yield name, value


def _parts(tree: Any) -> tuple[tuple[tuple[str, str], ...], tuple[FilePart, ...]]:
    """Read a filled body as the list of form fields (rule O3); lists repeat as name[], as the official
    clients do.
    """
    form: list[tuple[str, str]] = []
    files: list[FilePart] = []
    for name, value in tree.items():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, FileRef):
                files.append(FilePart(name, item))
            else:
                form.append((f"{name}[]" if isinstance(value, list) else name, template.as_text(item)))
    return tuple(form), tuple(files)


def _shown(content: bytes | None) -> Any:
    return json.loads(content) if content is not None else None


def _described(part: FilePart) -> dict[str, Any]:
    file = part.file
    return {
        "name": part.name,
        "filename": file.filename,
        "content_type": file.content_type,
        "size": file.size,
    }


def _mask(text: str, secrets: list[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, MASK + (secret[-4:] if len(secret) >= 16 else ""))
    return text


def _mask_tree(value: Any, secrets: list[str]) -> Any:
    if isinstance(value, str):
        return _mask(value, secrets)
    if isinstance(value, dict):
        return {_mask(key, secrets): _mask_tree(child, secrets) for key, child in value.items()}
    if isinstance(value, list):
        return [_mask_tree(child, secrets) for child in value]
    return value
