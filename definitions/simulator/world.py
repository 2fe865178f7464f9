"""What practice remembers while it runs: the objects that were made, and the files that were handed in."""

import itertools
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from definitions.schema import Operation, Resource
from definitions.selectors import MISSING, pick
from definitions.simulator.documents import document

MOST_OBJECTS = 500  # of one resource; the oldest go first
MOST_FILES, LARGEST_FILE = 32, 4 << 20
SAMPLES = 3  # objects that every list has from the start
ID = ("id",)

Key = tuple[str, ...]  # service, resource, and the values of the endpoint's placeholders


class World:
    """The objects of all played services, newest first in lists."""

    def __init__(self) -> None:
        self._objects: dict[Key, OrderedDict[str, dict[str, Any]]] = {}
        self._gone: set[tuple[Key, str]] = set()
        self._files: OrderedDict[str, bytes] = OrderedDict()

    def make(self, key: Key, resource: Resource, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return a new object of `resource`, kept when it has an id."""
        made = document(resource.fields, given)
        return self.keep(key, made)

    def keep(self, key: Key, made: dict[str, Any]) -> dict[str, Any]:
        """Keep an object under its id, the oldest one leaving when there are too many."""
        name = pick(made, ID)
        if isinstance(name, str):
            shelf = self._objects.setdefault(key, OrderedDict())
            shelf[name] = made
            while len(shelf) > MOST_OBJECTS:
                shelf.popitem(last=False)
        return made

    def find(self, key: Key, resource: Resource, name: str) -> dict[str, Any] | None:
        """Return the object of that id; one nobody made is made up.

        None for a deleted one, and for "…missing…".
        """
        if (key, name) in self._gone or "missing" in name:
            return None
        shelf = self._objects.get(key, OrderedDict())
        return shelf.get(name) or self.make(key, resource, {"id": name})

    def drop(self, key: Key, name: str) -> None:
        """Forget an object; asking for it again finds nothing."""
        self._objects.get(key, OrderedDict()).pop(name, None)
        self._gone.add((key, name))

    def page(
        self, key: Key, resource: Resource, operation: Operation, given: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        """Return the objects that a list shows, newest first, and one more than asked for when there are
        more.
        """
        if key not in self._objects:
            self._objects[key] = OrderedDict()
            for _ in range(SAMPLES):
                self.make(key, resource, {})
        newest = list(reversed(self._objects[key].values()))
        after = given.get(operation.pages.cursor) if operation.pages else None
        if after:
            ids = [pick(item, ID) for item in newest]
            newest = newest[ids.index(after) + 1 :] if after in ids else []
        return list(itertools.islice(newest, _limit(operation, given) + 1))

    def keep_file(self, name: str, content: bytes) -> None:
        """Keep the bytes of an uploaded file under its object's id; large ones are cut."""
        self._files[name] = content[:LARGEST_FILE]
        while len(self._files) > MOST_FILES:
            self._files.popitem(last=False)

    def file(self, name: str) -> bytes | None:
        """Return the bytes that were uploaded under that id, if any."""
        return self._files.get(name)


def _limit(operation: Operation, given: Mapping[str, Any]) -> int:
    text = str(given.get(operation.pages.limit, "") if operation.pages else "")
    return int(text) if text.isdigit() and int(text) else MOST_OBJECTS


def last_id(items: list[dict[str, Any]]) -> Any:
    """Return the id of the last of some objects, or None."""
    found = pick(items[-1], ID) if items else None
    return None if found is MISSING else found
