"""One request on its way to an answer: the operation it asks for, what it says, and what practice
remembers.
"""

from dataclasses import dataclass
from typing import Any

from definitions.schema import Operation, Resource
from definitions.simulator.http import Asked, Form
from definitions.simulator.routes import Match
from definitions.simulator.world import Key, World


@dataclass(frozen=True, slots=True)
class Scene:
    """What was matched, what was said, and where practice keeps things."""

    match: Match
    asked: Asked
    form: Form
    world: World

    @property
    def operation(self) -> Operation:
        """Return the operation that was asked for."""
        return self.match.route.operation

    @property
    def resource(self) -> Resource:
        """Return the resource that the operation belongs to."""
        return self.match.route.resource

    @property
    def key(self) -> Key:
        """Return where objects of this resource are kept: apart for each parent that the path names."""
        parents = (p.name for p in self.operation.placeholders if p.place == "endpoint")
        named = tuple(self.match.values[name] for name in parents if name in self.match.values)
        return (self.operation.service, self.operation.resource, *named)

    @property
    def given(self) -> dict[str, Any]:
        """Return everything that was said, by name; of an upload its file name and size."""
        uploads = [{"filename": name, "bytes": len(content)} for name, content in self.form.files.values()]
        return {
            **self.asked.query,
            **self.form.members,
            **self.match.values,
            **(uploads[0] if uploads else {}),
        }

    @property
    def named(self) -> str:
        """Return the id of the object that the request is about."""
        return self.match.values.get(self.operation.names_object, "")
