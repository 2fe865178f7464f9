"""Files that people hand in: streamed to disk under names of our own, and referred to from a run's inputs."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone

from audit import ids
from operations.build import FileRef
from operations.models import Run, StoredFile

PIECE = 1 << 20  # bytes read at once


def keep(upload: "UploadedFile[Any]") -> FileRef:
    """Stream an uploaded file to disk and return the reference that goes into a run."""
    return _keep(
        upload.chunks(PIECE), upload.name or "upload", upload.content_type or "application/octet-stream"
    )


def keep_path(path: Path, content_type: str) -> FileRef:
    """Copy a file of this machine, so that the run can be looked at and repeated later. Raises OSError."""
    with path.open("rb") as file:
        return _keep(_pieces(file), path.name, content_type)


def kept(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return form data with every uploaded file put on disk."""
    return {
        name: _each(value, lambda one: keep(one) if isinstance(one, UploadedFile) else one)
        for name, value in values.items()
    }


def split(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]:
    """Return what goes into a run's `inputs` and what into its `uploads`."""
    files = {name: _references(value) for name, value in values.items()}
    inputs = {name: value for name, value in values.items() if not files[name]}
    return inputs, {name: refs for name, refs in files.items() if refs}


def paths(files: Mapping[str, list[dict[str, Any]]]) -> list[str]:
    """Return where a run's uploads are, for the question whether a file is still needed."""
    return [one["path"] for kept in files.values() for one in kept]


def is_used(file: StoredFile) -> bool:
    """Say whether a run refers to this upload; the index over `uploads` answers."""
    return Run.objects.filter(upload_paths__contains=[file.path]).exists()


def _each(value: Any, change: Any) -> Any:
    return [change(one) for one in value] if isinstance(value, list) else change(value)


def _references(value: Any) -> list[dict[str, Any]]:
    root = Path(settings.FILES_ROOT)
    several = value if isinstance(value, list) else [value]
    return [
        {
            "path": str(Path(one.path).relative_to(root)),
            "filename": one.filename,
            "content_type": one.content_type,
            "size": one.size,
        }
        for one in several
        if isinstance(one, FileRef)
    ]


def _pieces(file: BinaryIO) -> Iterable[bytes]:
    return iter(lambda: file.read(PIECE), b"")


def _keep(pieces: Iterable[bytes], filename: str, content_type: str) -> FileRef:
    number, digest, size = ids.new_id(), hashlib.sha256(), 0
    relative = Path("uploads") / f"{timezone.now():%Y-%m-%d}" / ids.encode("file", number)
    path = Path(settings.FILES_ROOT) / relative
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for piece in pieces:
            digest.update(piece)
            size += file.write(piece)
    StoredFile.objects.create(
        id=number,
        kind="upload",
        path=str(relative),
        filename=filename[-200:],
        content_type=content_type[:200],
        size=size,
        sha256=digest.hexdigest(),
    )
    return FileRef(str(path), filename[-200:], content_type, size)
