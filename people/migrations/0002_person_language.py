from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("people", "0001_initial")]

    operations = [
        migrations.AddField("person", "language", models.CharField(blank=True, max_length=8, default=""), False),
    ]
