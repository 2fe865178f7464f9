"""Pick named values out of a parsed JSON document, telling absent from null."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from definitions.schema import Field, Selector


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING = _Missing()  # nothing stands there; null is a value


@dataclass(frozen=True, slots=True)
class Picked:
    """What the fields found: values by name, and the names of those that found nothing."""

    resolved: dict[str, Any]
    missing: tuple[str, ...]


def pick(document: Any, selector: Selector) -> Any:
    """Return the value that `selector` reaches in `document`, or MISSING. Null on the way ends as null."""
    raise NotImplementedError


def picked(fields: Iterable[Field], document: Any) -> Picked:
    """Return all fields' values in `document`, scalars brought to the declared type."""
    raise NotImplementedError
