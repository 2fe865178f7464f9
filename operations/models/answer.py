"""What a service answered, and the files that belong to runs; lists never select these."""

from pathlib import Path

from django.conf import settings
from django.db import models

from audit import ids
from operations.models.run import Run


class StoredFile(models.Model):
    """Bytes below `FILES_ROOT` under a name of our own: an upload, a whole answer, or a picture out of
    one."""

    id = models.BigIntegerField(primary_key=True, default=ids.new_id, editable=False)
    run = models.ForeignKey(
        Run, models.CASCADE, null=True, related_name="files"
    )  # None: an upload not yet used
    kind = models.CharField(max_length=16)  # upload, answer, part
    path = models.CharField(max_length=200)  # relative to FILES_ROOT
    filename = models.CharField(max_length=200)  # what a download is called: safe, ours
    content_type = models.CharField(max_length=200)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)

    def __str__(self) -> str:
        return self.filename

    @property
    def ref(self) -> str:
        """The id as people see it: `file_…`."""
        return ids.encode("file", self.id)

    @property
    def full_path(self) -> Path:
        """Where the bytes are."""
        return Path(settings.FILES_ROOT) / self.path


class Answer(models.Model):
    """The answer to a run's last attempt: its first 64 KiB here, all of it in a file."""

    run = models.OneToOneField(Run, models.CASCADE, primary_key=True, related_name="answer")
    attempt = models.PositiveSmallIntegerField(default=1)
    content_type = models.CharField(max_length=200, blank=True)
    body = models.BinaryField()  # at most 64 KiB, as it came
    size = models.BigIntegerField(default=0)  # bytes that came
    sha256 = models.CharField(max_length=64, blank=True)
    truncated = models.BooleanField(default=False)  # more came than is kept (32 MiB)
    file = models.ForeignKey(
        StoredFile, models.SET_NULL, null=True, related_name="+"
    )  # None: all of it is in `body`

    def __str__(self) -> str:
        return f"answer to {self.run_id}"

    @property
    def is_shown_whole(self) -> bool:
        """Whether `body` is all of it."""
        return not self.truncated and len(self.body) == self.size
