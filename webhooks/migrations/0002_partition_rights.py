"""Partitions are moved by functions that run by the owner's right: the application owns no table."""

from django.db import migrations

from webhooks.partition_rights import FUNCTIONS


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0001_initial")]
    operations = [migrations.RunSQL(FUNCTIONS, migrations.RunSQL.noop)]
