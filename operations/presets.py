"""Presets: named values for a form, shared by everybody. They hold no files, and no credential could stand
in one."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext

from operations.build import FileRef
from operations.forms import Asking
from operations.models import Preset
from people.models import Person


def of(service: str, asking: Asking) -> QuerySet[Preset]:
    """Return the presets of a form."""
    handle = asking.action.handle if asking.action else ""
    return Preset.objects.filter(service=service, operation=asking.operation.key, action=handle)


def save(service: str, asking: Asking, name: str, values: Mapping[str, Any], person: Person) -> Preset:
    """Keep these values under a name; the same name again replaces them. Raises ValueError for an empty
    name."""
    name = " ".join(name.split())[:60]
    if not name:
        raise ValueError(gettext("Give the preset a name."))
    handle = asking.action.handle if asking.action else ""
    preset, _ = Preset.objects.update_or_create(
        service=service,
        operation=asking.operation.key,
        action=handle,
        name=name,
        defaults={"values": storable(values, asking), "person": person},
    )
    return preset


def storable(values: Mapping[str, Any], asking: Asking) -> dict[str, Any]:
    """Return what of a form's values goes into a preset: no files, nothing blank."""
    files = {one.name for one in asking.placeholders if one.type == "File"}
    kept = {name: value for name, value in values.items() if name not in files and value not in ("", [])}
    return {name: value for name, value in kept.items() if not isinstance(value, FileRef)}


def found(service: str, asking: Asking, pk: str) -> Preset | None:
    """Return the preset that the address names, if it belongs to this form."""
    return of(service, asking).filter(pk=pk).first() if pk.isdigit() and len(pk) < 10 else None
