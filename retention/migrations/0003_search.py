"""Look-ups that search needs: external ids, changed customers; on PostgreSQL words of names and parts of phones."""

from django.db import migrations, models, transaction
from django.db.utils import DatabaseError

INDEXES = {
    # without the signs by which the parser would see a tag, an address or a host in a name
    "customer_name_words": "ON retention_customer USING gin (to_tsvector('simple', translate(name_key, '<>/@.:&_', '        ')))",
    "contactpoint_begins": "ON retention_contactpoint (kind, value_key varchar_pattern_ops)",
}
PARTS = "CREATE INDEX contactpoint_phone_parts ON retention_contactpoint USING gin (value_key {}) WHERE kind = 'phone'"
OF_CLASS = (
    "SELECT quote_ident(n.nspname) || '.gin_trgm_ops' FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace "
    "WHERE e.extname = 'pg_trgm'"
)


def add_text_indexes(apps, schema_editor):
    """Trigrams come with a trusted extension that the database's owner may create; without it parts of phone numbers
    are looked for in the table."""
    if schema_editor.connection.vendor != "postgresql":
        return
    for name, rest in INDEXES.items():
        schema_editor.execute(f"CREATE INDEX {name} {rest}")
    try:
        with transaction.atomic(using=schema_editor.connection.alias), schema_editor.connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            cursor.execute(OF_CLASS)
            cursor.execute(PARTS.format(cursor.fetchone()[0]))
    except DatabaseError:
        return


def drop_text_indexes(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name in (*INDEXES, "contactpoint_phone_parts"):
            schema_editor.execute(f"DROP INDEX IF EXISTS {name}")


class Migration(migrations.Migration):
    dependencies = [("retention", "0002_care_and_purchases")]

    operations = [
        migrations.AddIndex("customer", models.Index(fields=["updated_at", "id"], name="customer_changed")),
        migrations.AddIndex("externalid", models.Index(fields=["external_id"], name="externalid_lookup")),
        migrations.RunPython(add_text_indexes, drop_text_indexes),
    ]
