"""Read the folder that holds one service: its published files, the overlay beside them, and its actions."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from definitions import checks, overlay, reader
from definitions.documents import NAMING, Document, Way, read
from definitions.findings import BrokenDefinition, Finding
from definitions.schema import Service

SERVICE, RESOURCES, OVERLAY, ACTIONS = "service.json", "resources.json", "overlay.json", "actions.json"
ADDITIONS = "additions"  # the overlay of this house, laid over the other


@dataclass(frozen=True, slots=True)
class Definition:
    """One service's files: each as a document, and what they say together with and without the overlay."""

    documents: dict[str, Document]
    merged: dict[str, Any]
    published: dict[str, Any]

    def findings(self, faults: Iterable[checks.Fault]) -> list[Finding]:
        """Return faults of the merged document as findings in the file that said it."""
        return [self._finding(way, message) for way, message in faults]

    def _finding(self, way: Way, message: str) -> Finding:
        names = by_names(self.merged, way)
        for ours in (self.documents.get(role) for role in (ADDITIONS, OVERLAY)):
            if ours and _stands(ours.data, names):
                return ours.finding(names, message)
        file, inside = self._published_way(way)
        return self.documents[file].finding(inside, message)

    def _published_way(self, way: Way) -> tuple[str, Way]:
        if way[:1] == ("resources",) and RESOURCES in self.documents:
            return RESOURCES, way[1:]
        if way[:1] == ("actions",) and ACTIONS in self.documents:
            return ACTIONS, way[1:]
        return SERVICE, way


def load(folder: Path, overlay_file: Path | None = None, additions: Path | None = None) -> Service:
    """Return the service in `folder`. Raises BrokenDefinition with everything that is wrong."""
    definition = open_folder(folder, overlay_file, additions)
    if faults := checks.faults(definition.merged):
        raise BrokenDefinition(definition.findings(faults))
    return reader.read_service(definition.merged, definition.published)


def open_folder(folder: Path, overlay_file: Path | None = None, additions: Path | None = None) -> Definition:
    """Return the files of `folder`, merged but not yet checked. Raises BrokenDefinition when they are no
    JSON.

    `overlay_file` replaces the overlay that stands beside them: published files elsewhere, our corrections
    here. `additions` is the folder with one more overlay a service, named after its handle.
    """
    documents = _read_all(_files(folder, overlay_file))
    published = _together(documents)
    if twice := list(_twice(documents)):
        raise BrokenDefinition(twice)
    documents |= _additions(published, additions)
    merged: Any = published
    for role in (OVERLAY, ADDITIONS):
        merged = overlay.merge(merged, documents[role].data if role in documents else {})
    return Definition(documents, merged, published)


def _additions(published: dict[str, Any], folder: Path | None) -> dict[str, Document]:
    file = folder / f"{published.get('handle')}.json" if folder else None
    return {ADDITIONS: read(file)} if file and file.exists() else {}


def by_names(document: Any, way: Way) -> Way:
    """Return a way with list indexes replaced by the names that an overlay addresses the elements by."""
    names: list[str | int] = []
    for step in way:
        try:
            child = document[step]
        except (KeyError, IndexError, TypeError):
            child = None
        if isinstance(step, int) and isinstance(child, dict):
            step = next((child[key] for key in NAMING if isinstance(child.get(key), str)), step)
        names.append(step)
        document = child
    return tuple(names)


def _files(folder: Path, overlay_file: Path | None) -> Iterator[tuple[str, Path]]:
    """Yield the files of a service by role.

    Actions may stand beside the published files or beside the overlay.
    """
    corrections = overlay_file or _overlay_of(folder)
    besides = [folder] if overlay_file is None else [folder, overlay_file.parent]
    yield SERVICE, folder / SERVICE
    if (folder / RESOURCES).exists():
        yield RESOURCES, folder / RESOURCES
    if corrections:
        yield OVERLAY, corrections
    yield from ((ACTIONS, place / ACTIONS) for place in besides if (place / ACTIONS).exists())


def _overlay_of(folder: Path) -> Path | None:
    return next(
        (path for path in (folder / OVERLAY, *sorted(folder.glob("*.overlay.json"))) if path.exists()), None
    )


def _read_all(files: Iterable[tuple[str, Path]]) -> dict[str, Document]:
    documents: dict[str, Document] = {}
    findings: list[Finding] = []
    for role, path in files:
        try:
            documents[role] = read(path)
        except BrokenDefinition as broken:
            findings.extend(broken.findings)
    if findings:
        raise BrokenDefinition(findings)
    return documents


def _together(documents: dict[str, Document]) -> dict[str, Any]:
    service = documents[SERVICE]
    if not isinstance(service.data, dict):
        raise BrokenDefinition([service.finding((), "It must hold one JSON object.")])
    parts = {"resources": RESOURCES, "actions": ACTIONS}
    more = {member: documents[role].data for member, role in parts.items() if role in documents}
    return {**service.data, **more}


def _twice(documents: dict[str, Document]) -> Iterator[Finding]:
    """Find elements of one list that carry the same name: an overlay could not tell them apart, and neither
    can we.
    """
    for document in documents.values():
        yield from _twice_in(document, document.data, ())


def _twice_in(document: Document, value: Any, way: Way) -> Iterator[Finding]:
    if isinstance(value, dict):
        for key, child in value.items():
            yield from _twice_in(document, child, (*way, key))
    if isinstance(value, list):
        seen: set[str] = set()
        for index, child in enumerate(value):
            name = overlay.name_of(child)
            if name and name in seen:
                yield document.finding((*way, index), f"{name!r} stands in this list twice.")
            seen.add(name)
            yield from _twice_in(document, child, (*way, index))


def _stands(data: Any, way: Way) -> bool:
    for step in way:
        if not isinstance(data, dict) or step not in data:
            return False
        data = data[step]
    return True
