"""Write a value to where a selector would find it, making the objects and lists on the way."""

from typing import Any

from definitions.schema import Selector
from definitions.selectors import MATCH


def put(into: Any, selector: Selector, value: Any) -> None:
    """Set the value that `selector` reaches in an object. "*" has no one place and cannot be written to."""
    for here, following in zip(selector, (*selector[1:], None), strict=True):
        new = value if following is None else [] if _is_index(following) else {}
        into = _enter(into, here, new)


def _enter(into: Any, step: str, new: Any) -> Any:
    if matched := MATCH.fullmatch(step):
        return _matching(into, *matched.groups())
    if isinstance(into, dict):
        if not isinstance(into.get(step), dict | list) or not isinstance(new, dict | list):
            into[step] = new
        return into[step]
    at = int(step)
    into.extend({} for _ in range(at + 1 - len(into)))
    if not isinstance(new, dict) or not into[at]:
        into[at] = new
    return into[at]


def _matching(into: Any, key: str, text: str) -> Any:
    """Return the element of a list that matches, made when there is none; an object is made to match."""
    if isinstance(into, dict):
        into[key] = text
        return into
    found = next((item for item in into if item.get(key) == text), None)
    if found is None:
        into.append(found := {key: text})
    return found


def _is_index(step: str) -> bool:
    return step.isdigit() or bool(MATCH.fullmatch(step))
