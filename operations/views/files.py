"""Files of runs: played and shown in place when they are sound or pictures, else downloaded under our own
name."""

from pathlib import Path

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from operations import vectors
from operations.models import Answer, Run, StoredFile
from people.access import person_of

# What a browser may show in place; everything else is saved. SVG is a document with scripts, so it is not
# here.
INLINE = {
    "image/png",
    "image/jpeg",
    "image/webp",
    "image/gif",
    "audio/mpeg",
    "audio/wav",
    "audio/x-wav",
    "audio/ogg",
    "audio/flac",
    "audio/aac",
    "audio/opus",
    "video/mp4",
}


@require_GET
def download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Give out one stored file of a run that this person may see."""
    file = get_object_or_404(StoredFile, pk=pk)
    if file.run_id is None or not Run.objects.for_user(person_of(request)).filter(pk=file.run_id).exists():
        raise Http404(gettext("There is no such file."))
    inline = file.content_type in INLINE and "download" not in request.GET
    return _file(file.full_path, file.filename, file.content_type if inline else "", inline=inline)


@require_GET
def answer(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Give out the whole answer of a run as it came, as a download."""
    run = get_object_or_404(Run.objects.for_user(person_of(request)), pk=pk)
    kept = get_object_or_404(Answer.objects.select_related("file"), run=run)
    if kept.file is not None:
        return _file(kept.file.full_path, kept.file.filename, "", inline=False)
    response = HttpResponse(bytes(kept.body))
    response["Content-Disposition"] = f'attachment; filename="{run.resource}-{run.ref[4:]}.txt"'
    return _safe(response, "")


def _file(path: Path, filename: str, content_type: str, *, inline: bool) -> HttpResponseBase:
    try:
        file = path.open("rb")
    except OSError:
        raise Http404(gettext("The file was removed, by retention or from the disk.")) from None
    return _safe(FileResponse(file, as_attachment=not inline, filename=filename), content_type)


def _safe(response: HttpResponseBase, content_type: str) -> HttpResponseBase:
    """Take from foreign bytes every power in a browser (threats.md, T9)."""
    response["Content-Type"] = content_type or "application/octet-stream"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    response._csp_exempt = True  # type: ignore[attr-defined]  # the middleware would put the page's policy over it
    return response


@require_GET
def upload(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Give out the n-th file that was handed in with a run (`?file=n`), to be played beside its result."""
    run = get_object_or_404(Run.objects.for_user(person_of(request)), pk=pk)
    kept = [one for files in run.uploads.values() for one in files]
    number = request.GET.get("file", "0")
    if not number.isdigit() or len(number) > 3 or int(number) >= len(kept):
        raise Http404(gettext("There is no such file."))
    one = kept[int(number)]
    kind = one["content_type"] if one["content_type"] in INLINE and "download" not in request.GET else ""
    return _file(Path(settings.FILES_ROOT) / one["path"], one["filename"], kind, inline=bool(kind))


@require_GET
def vector(request: HttpRequest, pk: int, ending: str) -> HttpResponseBase:
    """Give out the vectors of an embedding as NPY, CSV or JSON."""
    run = get_object_or_404(Run.objects.for_user(person_of(request)), pk=pk)
    found = vectors.of(run)
    if not found:
        raise Http404(gettext("There are no vectors in this answer."))
    response = HttpResponse(vectors.FORMATS[ending](found))
    response["Content-Disposition"] = f'attachment; filename="vectors-{run.ref[4:]}.{ending}"'
    return _safe(response, "")
