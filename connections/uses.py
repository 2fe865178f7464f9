"""Where a connection is used: counted over what other rooms keep about it, without knowing those rooms."""

from dataclasses import dataclass

from django.db import models
from django.utils.translation import ngettext_lazy

from audit.pages import capped_count
from connections.models import Connection

# What people know of, in the order in which they ask; counters and settings of other rooms are no use of it.
WORDS = {
    "run": ngettext_lazy("{count} run", "{count} runs", "number"),
    "event": ngettext_lazy("{count} event", "{count} events", "number"),
    "rejection": ngettext_lazy("{count} refused delivery", "{count} refused deliveries", "number"),
    "rule": ngettext_lazy("{count} rule", "{count} rules", "number"),
}


@dataclass(frozen=True, slots=True)
class Use:
    """Rows of another room that belong to a connection; `kind` is the model's name, at most “10,000+”."""

    kind: str
    count: str

    def __str__(self) -> str:
        return (WORDS[self.kind] % {"number": 1 if self.count == "1" else 2}).format(count=self.count)


def uses(connection: Connection) -> tuple[Use, ...]:
    """Return what there is about this connection, found by the foreign keys of other rooms."""
    fields = {one.related_model._meta.model_name: one.field for one in Connection._meta.related_objects}
    found = [_use(kind, fields[kind], connection) for kind in WORDS if kind in fields]
    return tuple(use for use in found if use.count != "0")


def _use(kind: str, field: "models.Field[object, object]", connection: Connection) -> Use:
    rows = field.model._base_manager.filter(**{field.name: connection})
    return Use(kind, capped_count(rows))
