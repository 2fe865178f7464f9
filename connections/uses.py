"""Where a connection is used: counted over what other rooms keep about it, without knowing those rooms."""

from dataclasses import dataclass

from django.db import models

from audit.pages import capped_count
from connections.models import Connection, Secret


@dataclass(frozen=True, slots=True)
class Use:
    """Rows of another room that belong to a connection; `kind` is the model's name, at most “10,000+”."""

    kind: str
    label: str
    count: str


def uses(connection: Connection) -> tuple[Use, ...]:
    """Return what other rooms keep about this connection, found by their foreign keys."""
    mine = (Secret, Connection.people.through)
    relations = [one for one in Connection._meta.related_objects if one.related_model not in mine]
    return tuple(_use(one.related_model, one.field.name, connection) for one in relations)


def _use(model: type[models.Model], field: str, connection: Connection) -> Use:
    rows = model._base_manager.filter(**{field: connection})
    return Use(model._meta.model_name or "", str(model._meta.verbose_name_plural), capped_count(rows))
