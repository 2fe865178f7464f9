"""What practice remembers while it runs: the objects that were made, and the files that were handed in."""

import itertools
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from definitions.schema import Field, Operation, Pages, Resource
from definitions.selectors import pick
from definitions.simulator.documents import document

MOST_OBJECTS = 500  # of one resource; the oldest go first
MOST_FILES, LARGEST_FILE = 32, 4 << 20
SAMPLES = 3  # objects that every list has from the start

Key = tuple[str, ...]  # service, resource, and the values of the endpoint's placeholders
Object = dict[str, Any]


class World:
    """The objects of all played services, each under the text of what names it."""

    def __init__(self) -> None:
        self._objects: dict[Key, OrderedDict[str, Object]] = {}
        self._gone: set[tuple[Key, str]] = set()
        self._files: OrderedDict[str, bytes] = OrderedDict()
        self._numbers = itertools.count(1)

    def make(self, key: Key, resource: Resource, given: Mapping[str, Any]) -> Object:
        """Return a new object of `resource`, kept when something names it. Numbers that name are counted
        up.
        """
        own = identity(resource)
        numbered = {f.name for f in resource.fields if f.type == "Integer" and (f is own or f.name == "id")}
        counted = dict.fromkeys(numbered - set(given), next(self._numbers)) if numbered else {}
        return self.keep(key, resource, document(resource.fields, {**given, **counted}))

    def keep(self, key: Key, resource: Resource, made: Object) -> Object:
        """Keep an object under what names it, the oldest one leaving when there are too many."""
        name = name_of(resource, made)
        if name:
            shelf = self._shelf(key)
            shelf[name] = made
            while len(shelf) > MOST_OBJECTS:
                shelf.popitem(last=False)
        return made

    def find(self, key: Key, resource: Resource, name: str) -> Object | None:
        """Return the object of that name; one that nobody made is made up.

        None for a deleted one, and for "…missing…".
        """
        if (key, name) in self._gone or "missing" in name:
            return None
        own = identity(resource)
        given = {own.name: int(name) if own.type == "Integer" and name.isdecimal() else name} if own else {}
        return self._shelf(key).get(name) or self.make(key, resource, given)

    def drop(self, key: Key, name: str) -> None:
        """Forget an object; asking for it again finds nothing."""
        self._shelf(key).pop(name, None)
        self._gone.add((key, name))

    def page(
        self, key: Key, resource: Resource, operation: Operation, given: Mapping[str, Any]
    ) -> list[Object]:
        """Return the objects of the page that is asked for, newest first, and one more if there are more."""
        if key not in self._objects:
            for _ in range(SAMPLES):
                self.make(key, resource, {})
        newest = list(reversed(self._shelf(key).values()))
        if not operation.pages:
            return newest
        limit = number(given.get(operation.pages.limit), MOST_OBJECTS)
        start = self._start(resource, operation.pages, given, newest, limit)
        return newest[start : start + limit + 1]

    def keep_file(self, name: str, content: bytes) -> None:
        """Keep the bytes of an uploaded file under its object's name; large ones are cut."""
        self._files[name] = content[:LARGEST_FILE]
        while len(self._files) > MOST_FILES:
            self._files.popitem(last=False)

    def file(self, name: str) -> bytes | None:
        """Return the bytes that were uploaded under that name, if any."""
        return self._files.get(name)

    def _shelf(self, key: Key) -> OrderedDict[str, Object]:
        return self._objects.setdefault(key, OrderedDict())

    def _start(
        self, resource: Resource, pages: Pages, given: Mapping[str, Any], newest: list[Object], limit: int
    ) -> int:
        """Return where a page begins: after the object that the cursor names, or by its number."""
        if pages.page:
            return (number(given.get(pages.page), 1) - 1) * limit
        after = given.get(pages.cursor)
        found = (at for at, item in enumerate(newest, 1) if name_of(resource, item) == after)
        return next(found, len(newest)) if after else 0


def identity(resource: Resource) -> Field | None:
    """Return the field by which objects are named: the one that a path asks for, else the one called id."""
    asked = {operation.names_object for operation in resource.operations}
    named = [field for field in resource.fields if field.name in asked]
    return next(iter(named), next((field for field in resource.fields if field.name == "id"), None))


def name_of(resource: Resource, made: Any) -> str:
    """Return what names an object, as text; "" when nothing does."""
    own = identity(resource)
    value = pick(made, own.selector) if own else None
    return str(value) if isinstance(value, str | int) else ""


def number(said: Any, otherwise: int) -> int:
    """Return a number that was said as text, if it is one above 0."""
    text = str(said)
    return int(text) if text.isdecimal() and int(text) else otherwise
