"""Names are found across alphabets: olga finds Ольга, Мария finds Maria (mission E2)."""

from django.db import migrations, models

from retention.names import fold, search_key

CHUNK = 2000


def add_sounds(apps, schema_editor):
    """Reads the table once, in chunks by key; only names that sound otherwise than they are written change."""
    _rewrite(apps, search_key)


def drop_sounds(apps, schema_editor):
    _rewrite(apps, fold)


def _rewrite(apps, key_of):
    customers = apps.get_model("retention", "Customer").objects
    last = 0
    while rows := list(customers.filter(pk__gt=last).order_by("pk").only("pk", "name", "name_key")[:CHUNK]):
        last = rows[-1].pk
        changed = []
        for row in rows:
            key = key_of(row.name)
            if key != row.name_key:
                row.name_key = key
                changed.append(row)
        customers.bulk_update(changed, ["name_key"], batch_size=400)


class Migration(migrations.Migration):
    dependencies = [("retention", "0005_order_currency")]
    operations = [
        migrations.AlterField("customer", "name_key", models.CharField(blank=True, db_index=True, max_length=400)),
        migrations.RunPython(add_sounds, drop_sounds),
    ]
