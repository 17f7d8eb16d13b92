"""The database keeps the balance of points with every entry (retention.ledger)."""

from django.db import migrations

from retention.migrations import _ledger_pg as pg


def put_up(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":  # SQLite's triggers: retention.ledger
        schema_editor.execute(pg.FUNCTIONS, None)
        schema_editor.execute(pg.TRIGGERS, None)


def take_down(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(pg.DOWN, None)


class Migration(migrations.Migration):
    dependencies = [("retention", "0010_loyalty")]

    operations = [migrations.RunPython(put_up, take_down)]
