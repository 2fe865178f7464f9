"""Read the small pieces that recur in a definition: fields, headers, lifecycles and blocks of settings."""

from collections.abc import Iterable, Mapping
from typing import Any

from definitions import schema

Json = Mapping[str, Any]
NOT_OURS = ("content-type",)  # follows from the kind of body (rule S3)


def read_fields(fields: Iterable[Json]) -> tuple[schema.Field, ...]:
    """Return the fields that a resource, an operation or an event declares."""
    return tuple(
        schema.Field(
            name=field["name"],
            type=field["type"],
            selector=tuple(field["selector"]),
            multivalue=field.get("multivalue", False),
            description=field.get("meta", {}).get("description", ""),
            encoding=field.get("encoding", ""),
            example=field.get("example"),
        )
        for field in fields
    )


def read_headers(headers: Json, besides: Iterable[str] = ()) -> tuple[tuple[str, str], ...]:
    """Return names and templates of headers or parameters, which are written as a text or as {value} (rule
    S1).
    """
    pairs = (
        (name, header if isinstance(header, str) else header["value"]) for name, header in headers.items()
    )
    return tuple((name, text) for name, text in pairs if name.lower() not in besides)


def read_own_headers(holder: Json) -> tuple[tuple[str, str], ...]:
    """Return the headers of a resource or operation; Content-Type is not theirs to say (rule S3)."""
    return read_headers(holder.get("headers", {}), NOT_OURS)


def read_lifecycle(holder: Json) -> schema.Lifecycle | None:
    """Return when something ends, or None when nobody said."""
    return read_block(schema.Lifecycle, holder["lifecycle"]) if "lifecycle" in holder else None


def read_block(kind: Any, block: Json) -> Any:
    """Return a `kind` from a block whose members are its fields in camelCase; members it does not know are
    left out.
    """
    known = {_snake(key): tuple(value) if isinstance(value, list) else value for key, value in block.items()}
    return kind(**{name: value for name, value in known.items() if name in kind.__dataclass_fields__})


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
