"""Read placeholders where a definition declares them: endpoint, path, parameters, headers and body."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from definitions import template
from definitions.schema import Placeholder

Json = Mapping[str, Any]


def read_all(resource: Json, operation: Json) -> tuple[Placeholder, ...]:
    """Return all placeholders of an operation, each name once (the first declaration counts), required ones
    first.
    """
    found: dict[str, Placeholder] = {}
    for placeholder in _declared(resource, operation):
        found.setdefault(placeholder.name, placeholder)
    return tuple(sorted(found.values(), key=lambda placeholder: not placeholder.required))


def read_template_placeholders(
    placeholders: Iterable[Json], place: str, *, header: str = "", picker: str = "", bare: Iterable[str] = ()
) -> tuple[Placeholder, ...]:
    """Return the placeholders of one template; those in `bare` stood outside quotes, where a String is JSON
    (T5).
    """
    return tuple(_read(placeholder, place, header, picker, frozenset(bare)) for placeholder in placeholders)


def _declared(resource: Json, operation: Json) -> Iterator[Placeholder]:
    body = operation.get("bodyTemplate", {})
    yield from read_template_placeholders(resource["endpoint"].get("placeholders", ()), "endpoint")
    path = operation["path"].get("placeholders", ())
    yield from read_template_placeholders(path, "path", picker=_own_list(resource, operation))
    for param in operation.get("queryParams", {}).values():
        yield from _of_header(param, "query")
    for name, header in {**resource.get("headers", {}), **operation.get("headers", {})}.items():
        yield from _of_header(header, "header", name)
    yield from read_template_placeholders(
        body.get("placeholders", ()), "body", bare=_bare(body.get("value", ""))
    )


def _of_header(header: Any, place: str, name: str = "") -> tuple[Placeholder, ...]:
    """Read a header or parameter, which is written as a text or as {value, placeholders}."""
    declared = header.get("placeholders", ()) if isinstance(header, Mapping) else ()
    return read_template_placeholders(declared, place, header=name)


def _own_list(resource: Json, operation: Json) -> str:
    """Return the list that offers this resource's ids, when it can be asked without further values."""
    listing = resource.get("operations", {}).get("list")
    if not listing or resource["endpoint"].get("placeholders") or listing["path"].get("placeholders"):
        return ""
    return f"{resource['handle']}.list" if len(operation["path"].get("placeholders", ())) == 1 else ""


def _bare(text: str) -> frozenset[str]:
    return (
        frozenset(slot.name for slot in template.slots(template.parse_json(text)) if slot.bare)
        if text
        else frozenset()
    )


def _read(placeholder: Json, place: str, header: str, picker: str, bare: frozenset[str]) -> Placeholder:
    name, kind = placeholder["name"], placeholder["type"]
    is_list = placeholder.get("multiple", False)  # outside quotes its rows make the JSON
    needs_json = kind == "Object" or (kind == "String" and name in bare and not is_list)
    return Placeholder(
        name=name,
        type=kind,
        description=placeholder.get("description", ""),
        required=placeholder.get("required", False),
        options=tuple(placeholder.get("options", ())),
        json=placeholder.get("json", "required" if needs_json else ""),
        shape=placeholder.get("shape", ""),
        default=placeholder.get("default"),
        accept=tuple(placeholder.get("accept", ())),
        max_bytes=placeholder.get("maxBytes"),
        place=place,
        picker=placeholder.get("picker", picker),
        picks=placeholder.get("picks", "id"),
        clearable=placeholder.get("clearable", False),
        label=placeholder.get("label", name.replace("_", " ").capitalize()),
        header=header,
        multiple=is_list,
        multiline=placeholder.get("multiline", False),
        minimum=placeholder.get("minimum"),
        maximum=placeholder.get("maximum"),
    )
