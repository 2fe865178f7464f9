"""The newest runs that ended badly and those with tags are read off an index of their own."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("operations", "0002_export_count")]
    operations = [
        AddIndexConcurrently(
            "run",
            models.Index(
                condition=models.Q(("state__regex", "^(failed|unknown)$")), fields=["-id"], name="run_bad"
            ),
        ),
        AddIndexConcurrently(
            "run",
            models.Index(condition=models.Q(("tags__len__gt", 0)), fields=["-id"], name="run_tagged"),
        ),
    ]
