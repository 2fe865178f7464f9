"""Lay our JSON of corrections over a published definition, which itself stays as it came."""

from collections.abc import Mapping
from typing import Any

from definitions.documents import NAMING

# A list that the published file does not have at all is made when its member has one of these names.
LISTS = {"placeholders": "name", "fields": "name", "payload": "name", "webhooks": "event"}


def merge(base: Any, patch: Any, member: str = "") -> Any:
    """Return `base` with `patch` laid over it; neither is changed.

    Objects merge, null removes, everything else replaces. An object over a list of objects addresses the
    elements by their `handle`, `event` or `name`; names that are not there yet are appended in the patch's
    order.
    """
    if not isinstance(patch, Mapping):
        return patch
    if isinstance(base, list) or (base is None and member in LISTS and _is_named(patch)):
        return _merge_list(base or [], patch, member)
    merged = dict(base) if isinstance(base, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value, key)
    return merged


def _is_named(patch: Mapping[str, Any]) -> bool:
    """Tell the elements of a list, under their names, from an object: a service's `webhooks` are settings."""
    return all(value is None or isinstance(value, Mapping) for value in patch.values())


def _merge_list(base: list[Any], patch: Mapping[str, Any], member: str) -> list[Any]:
    key = naming(base, member)
    elements = {str(element.get(key)): element for element in base if isinstance(element, Mapping)}
    for name, value in patch.items():
        if value is None:
            elements.pop(name, None)
        else:
            elements[name] = {key: name} | merge(elements.get(name), value, "")
    return list(elements.values())


def naming(elements: list[Any], member: str) -> str:
    """Return the member by which the elements of a list are addressed."""
    first = elements[0] if elements and isinstance(elements[0], Mapping) else {}
    return next((key for key in NAMING if key in first), LISTS.get(member, "name"))


def name_of(element: Any) -> str:
    """Return the name by which an overlay addresses an element of a list, or "" when it has none."""
    if not isinstance(element, Mapping):
        return ""
    return next((element[key] for key in NAMING if isinstance(element.get(key), str)), "")
