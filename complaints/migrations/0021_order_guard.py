"""The database holds what an order came to as well (complaints.authority.guard)."""

from django.db import migrations

from complaints.migrations import _order_guard_pg as pg


def put_up(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":  # SQLite's triggers: complaints.authority.guard
        schema_editor.execute(pg.FUNCTION, None)
        schema_editor.execute(pg.TRIGGERS, None)


def take_down(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(pg.DOWN, None)


class Migration(migrations.Migration):
    dependencies = [("complaints", "0020_payout_lines"), ("retention", "0011_ledger")]

    operations = [migrations.RunPython(put_up, take_down)]
