"""Two documents side by side: what was added, removed or changed, in values and in shape."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from definitions.selectors import MISSING

MOST = 2_000  # paths of one document


@dataclass(frozen=True, slots=True)
class Difference:
    """One path and what stands there on either side."""

    path: str
    kind: str  # added, removed, changed, retyped
    before: Any
    after: Any


def differences(before: Any, after: Any) -> list[Difference]:
    """Return what differs between two documents, in the order of their paths."""
    one, two = dict(_leaves("$", before)), dict(_leaves("$", after))
    paths = list(one) + [path for path in two if path not in one]
    found = (_difference(path, one.get(path, MISSING), two.get(path, MISSING)) for path in paths[:MOST])
    return [difference for difference in found if difference is not None]


def _difference(path: str, before: Any, after: Any) -> Difference | None:
    if before is MISSING:
        return Difference(path, "added", "", after)
    if after is MISSING:
        return Difference(path, "removed", before, "")
    if type(before) is not type(after):
        return Difference(path, "retyped", before, after)
    return None if before == after else Difference(path, "changed", before, after)


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _leaves(f"{path}.{name}", inner)
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from _leaves(f"{path}[{index}]", inner)
    else:
        yield path, value
