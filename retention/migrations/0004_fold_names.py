"""Search forms of names lose their accents: Müller is found as muller (mission E2)."""

from django.db import migrations

from retention.names import fold

CHUNK = 2000


def fold_names(apps, schema_editor):
    """Only names that are more than ASCII can change. Reads the table once, in chunks by key."""
    customers = apps.get_model("retention", "Customer").objects
    last = 0
    while rows := list(customers.filter(pk__gt=last).order_by("pk").only("pk", "name", "name_key")[:CHUNK]):
        last = rows[-1].pk
        changed = [row for row in rows if row.name_key != fold(row.name)]
        for row in changed:
            row.name_key = fold(row.name)
        customers.bulk_update(changed, ["name_key"], batch_size=400)


class Migration(migrations.Migration):
    dependencies = [("retention", "0003_search")]
    operations = [migrations.RunPython(fold_names, migrations.RunPython.noop)]
