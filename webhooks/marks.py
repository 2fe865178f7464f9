"""Adding marks to events in the database, without reading them first."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import F, Func, TextField, Value


class Added(Func):
    """The marks of a row with these added, each once: `update(marks=Added("late"))`."""

    template = "ARRAY(SELECT DISTINCT unnest(%(expressions)s))"
    arg_joiner = " || "
    output_field = ArrayField(TextField())

    def __init__(self, *marks: str, **extra: Any) -> None:
        super().__init__(F("marks"), Value(list(marks), output_field=ArrayField(TextField())), **extra)


class Removed(Func):
    """The marks of a row without one: `update(marks=Removed("held"))`."""

    function = "array_remove"
    output_field = ArrayField(TextField())

    def __init__(self, mark: str, **extra: Any) -> None:
        super().__init__(F("marks"), Value(mark), **extra)
