"""Look things up in a vendor's OpenAPI document (3.x, JSON): operations by method and path, members,
values, events.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from definitions.selectors import EVERY, MATCH

Json = Mapping[str, Any]
METHODS = ("get", "head", "post", "put", "patch", "delete")
HOLE = re.compile(r"\{+[^{}]*\}+")  # "{id}" as OpenAPI writes it, "{{id}}" as we do
BRANCHES = ("allOf", "anyOf", "oneOf")
DEEPEST = 12  # nested references followed; recursive schemas never end


@dataclass(frozen=True, slots=True)
class Choices:
    """The values that a document names for something; `open` when it takes others too."""

    values: frozenset[str]
    open: bool


class OpenApi:
    """A vendor's document, indexed. Raises ValueError when it is no OpenAPI document."""

    def __init__(self, document: Any) -> None:
        if not isinstance(document, dict) or not isinstance(document.get("paths"), dict):
            raise ValueError("This is no OpenAPI document: it has no paths.")
        self.document: Json = document
        self._paths: dict[str, dict[str, Json]] = {}
        for path, item in document["paths"].items():
            found = self._paths.setdefault(shape(path), {})
            both = self.resolved(item)
            found |= {
                name.upper(): {**both[name], "_shared": both.get("parameters", [])}
                for name in METHODS
                if name in both
            }

    def methods(self, path: str) -> Mapping[str, Json]:
        """Return the operations at a path by method; of either way to write placeholders."""
        return self._paths.get(shape(path), {})

    def query(self, operation: Json) -> dict[str, Json]:
        """Return the query parameters of an operation by name."""
        both = [self.resolved(p) for p in (*operation["_shared"], *operation.get("parameters", ()))]
        return {p["name"]: p for p in both if p.get("in") == "query"}

    def body(self, operation: Json) -> tuple[tuple[str, ...], Json]:
        """Return the media types of an operation's body and the schema of the first."""
        content = self.resolved(operation.get("requestBody", {})).get("content", {})
        first: Json = next(iter(content.values()), {})
        return tuple(content), first.get("schema", {})

    def answer(self, operation: Json) -> tuple[tuple[str, ...], Json]:
        """Return the media types of a good answer and the schema of the JSON one."""
        good = (r for status, r in operation.get("responses", {}).items() if str(status).startswith("2"))
        content = self.resolved(next(good, {})).get("content", {})
        return tuple(content), content.get("application/json", {}).get("schema", {})

    def events(self) -> frozenset[str]:
        """Return the types of the webhooks that the document describes, as their bodies name them."""
        found = set()
        for name, item in self.document.get("webhooks", {}).items():
            _, schema = self.body(self.resolved(item).get("post", {}))
            kinds = [value for node in self.members(schema, "type") for value in self.choices(node).values]
            found.update(kinds or [name])
        return frozenset(found)

    def resolved(self, node: Any) -> Json:
        """Return what a reference within the document points at; anything that is no object as an empty
        one.
        """
        for _ in range(DEEPEST):
            if not isinstance(node, dict) or "$ref" not in node:
                break
            node = self._at(str(node["$ref"]))
        return node if isinstance(node, dict) else {}

    def parts(self, schema: Json, depth: int = DEEPEST) -> Iterator[Json]:
        """Yield a schema and every branch of it."""
        schema = self.resolved(schema)
        yield schema
        for word in BRANCHES if depth else ():
            for branch in schema.get(word, ()):
                yield from self.parts(branch, depth - 1)

    def members(self, schema: Json, name: str) -> list[Json]:
        """Return the schemas of a member in any branch."""
        found = (part.get("properties", {}).get(name) for part in self.parts(schema))
        return [node for node in found if node is not None]

    def names(self, schema: Json) -> frozenset[str]:
        """Return the names of all members in any branch."""
        return frozenset(name for part in self.parts(schema) for name in part.get("properties", {}))

    def required(self, schema: Json) -> frozenset[str]:
        """Return the members that are always required: of the schema itself and of all that it adds up."""
        schema = self.resolved(schema)
        added = (self.required(part) for part in schema.get("allOf", ()))
        return frozenset(schema.get("required", ())).union(*added)

    def choices(self, schema: Json) -> Choices:
        """Return the values that a schema names, and whether a branch without any takes others too."""
        leaves = [part for part in self.parts(schema) if not any(word in part for word in BRANCHES)]
        named = [{*part.get("enum", ()), *([part["const"]] if "const" in part else [])} for part in leaves]
        is_open = any(
            not values and part.get("type") != "null" for values, part in zip(named, leaves, strict=True)
        )
        return Choices(
            frozenset(str(value) for values in named for value in values if value is not None), is_open
        )

    def reaches(self, schema: Json, selector: tuple[str, ...]) -> bool:
        """Tell whether a selector can find something in an answer of this schema."""
        if not selector:
            return True
        step, rest = selector[0], selector[1:]
        parts = list(self.parts(schema))
        if step == EVERY or step.isdigit() or MATCH.fullmatch(step):
            return any(self.reaches(part["items"], rest) for part in parts if "items" in part)
        if any(
            self.reaches(part["properties"][step], rest)
            for part in parts
            if step in part.get("properties", {})
        ):
            return True
        return any(part.get("additionalProperties") not in (None, False) for part in parts)

    def _at(self, pointer: str) -> Any:
        node: Any = self.document
        for step in pointer.removeprefix("#/").split("/"):
            name = step.replace("~1", "/").replace("~0", "~")
            node = node.get(name, {}) if isinstance(node, dict) else {}
        return node


def shape(path: str) -> str:
    """Return a path with every placeholder as {}, so that names do not matter."""
    return HOLE.sub("{}", path)
