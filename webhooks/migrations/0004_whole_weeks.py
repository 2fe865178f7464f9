"""Weeks of which nothing is kept are dropped whole, and a policy's row says how far its pass is."""

from django.db import migrations, models

from webhooks.partition_rights import FUNCTIONS


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0003_event_marks")]
    operations = [
        migrations.RunSQL(
            "DROP FUNCTION IF EXISTS webhooks_partition_drop(text);" + FUNCTIONS, migrations.RunSQL.noop
        ),
        migrations.AddField("policy", "forgetting", models.BigIntegerField(editable=False, null=True)),
        migrations.AddField("policy", "forgotten", models.IntegerField(default=0, editable=False)),
    ]
