from django.db import migrations, models

from audit import ids


def id_ago(seconds: int) -> str:
    """Return the SQL of the id that a row born so long ago has at least (`audit.ids.id_at`)."""
    at = f"((extract(epoch FROM now()) - {seconds}) * 1000)::bigint"
    later = f"GREATEST({at} - {ids.LATER}, 0)"
    return f"((LEAST({at}, {ids.LATER}) << {ids.SHIFT}) + ({later} << {ids.LATER_SHIFT}))"


# Cheap where runs are made and end, a hundred times a second: there the conditions are false and nothing is called.
# What is open changes without a line, the overview counts it itself; so is what came in less than a minute ago.
NOTE = f"""
CREATE FUNCTION overview_note_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO overview_runchange (run_id) VALUES (coalesce(NEW.id, OLD.id));
    RETURN NULL;
END $$;
CREATE TRIGGER overview_run_late AFTER INSERT ON operations_run FOR EACH ROW
    WHEN (NEW.id < {id_ago(30)} AND NEW.id >= {id_ago(25 * 3600)})
    EXECUTE FUNCTION overview_note_run();
CREATE TRIGGER overview_run_changed AFTER UPDATE ON operations_run FOR EACH ROW
    WHEN (
        OLD.state IN ('succeeded', 'failed', 'cancelled', 'unknown')
        AND (OLD.state, OLD.connection_id, OLD.total_tokens, OLD.cost, OLD.started_at, OLD.finished_at)
            IS DISTINCT FROM
            (NEW.state, NEW.connection_id, NEW.total_tokens, NEW.cost, NEW.started_at, NEW.finished_at)
        AND OLD.id >= {id_ago(25 * 3600)}
    )
    EXECUTE FUNCTION overview_note_run();
CREATE TRIGGER overview_run_gone AFTER DELETE ON operations_run FOR EACH ROW
    WHEN (OLD.id >= {id_ago(25 * 3600)})
    EXECUTE FUNCTION overview_note_run();
"""
BACK = "DROP FUNCTION overview_note_run() CASCADE"


class Migration(migrations.Migration):
    dependencies = [("overview", "0001_initial"), ("operations", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="RunChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("run_id", models.BigIntegerField(db_index=True)),
            ],
        ),
        migrations.RunSQL(NOTE, BACK),
    ]
