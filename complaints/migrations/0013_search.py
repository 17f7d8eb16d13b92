"""Words of complaints and parts of their numbers, kept by triggers (complaints.search; ux, desk 8).

PostgreSQL: accents by unaccent, parts by trigrams; both extensions are trusted, so that the database's owner may create
them. Without them accents go by a list of letters and parts are looked for in the table. SQLite: two FTS5 tables; its
triggers are put up after every migration (complaints.search.lite), since SQLite loses those of a table it remakes.
"""

from django.db import migrations, transaction
from django.db.utils import DatabaseError

from complaints.migrations import _search_pg as pg

SCHEMA = "SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = %s"
COLLATIONS = (
    "SELECT collname FROM pg_collation WHERE collname IN ('und-x-icu', 'C.UTF-8', 'C.utf8', 'en_US.utf8', 'pg_c_utf8')"
)
PARTS = (
    "CREATE INDEX searchtext_keys ON complaints_searchtext USING gin (keys {}.gin_trgm_ops)",
    "CREATE INDEX contactpoint_mail_parts ON retention_contactpoint USING gin (value_key {}.gin_trgm_ops) "
    "WHERE kind = 'email'",
)
AT_ONCE = 2_000
# A long list of what waits to be sorted in makes every search slower; this much is sorted in within milliseconds.
WORDS = "CREATE INDEX searchtext_words ON complaints_searchtext USING gin (words) WITH (gin_pending_list_limit = 256)"
FTS = (
    "CREATE VIRTUAL TABLE complaints_searchwords USING fts5(head, body, talk, notes, "
    "tokenize = 'unicode61 remove_diacritics 2', prefix = '3')",
    "CREATE VIRTUAL TABLE complaints_searchkeys USING fts5(keys, tokenize = 'trigram')",
)


def put_up(apps, schema_editor):
    link = schema_editor.connection
    if link.vendor == "sqlite":
        for statement in FTS:
            schema_editor.execute(statement)
    else:
        _on_postgresql(schema_editor, link)


def _on_postgresql(schema_editor, link):
    unaccent, trigrams = _extension(link, "unaccent"), _extension(link, "pg_trgm")
    schema_editor.execute("ALTER TABLE complaints_searchtext ADD COLUMN words tsvector NOT NULL DEFAULT ''")
    schema_editor.execute(pg.functions(unaccent_schema=unaccent, collation=_collation(link)), None)
    with link.cursor() as cursor:
        cursor.execute("SELECT coalesce(min(id), 0), coalesce(max(id), -1) FROM complaints_complaint")
        low, high = cursor.fetchone()
        for start in range(low, high + 1, AT_ONCE):
            cursor.execute(
                "SELECT complaints_search_put(array(SELECT id FROM complaints_complaint WHERE id >= %s AND id < %s))",
                [start, start + AT_ONCE],
            )
    schema_editor.execute(WORDS)
    if trigrams:
        for statement in PARTS:
            schema_editor.execute(statement.format(trigrams))
    schema_editor.execute(pg.triggers(), None)


def _extension(link, name):
    """The schema the extension lies in, created where we may; None where it is not to be had."""
    try:
        with transaction.atomic(using=link.alias), link.cursor() as cursor:
            cursor.execute(f"CREATE EXTENSION IF NOT EXISTS {name}")
    except DatabaseError:
        return None
    with link.cursor() as cursor:
        cursor.execute(SCHEMA, [name])
        return cursor.fetchone()[0]


def _collation(link):
    """By which capitals of other alphabets become small; blank where the database does it by itself."""
    with link.cursor() as cursor:
        cursor.execute("SELECT lower('ЖÉ') = 'жé'")
        if cursor.fetchone()[0]:
            return ""
        cursor.execute(COLLATIONS)
        return next((name for (name,) in cursor.fetchall()), "")


def take_down(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        from complaints.search import lite

        lite.take_triggers_down(schema_editor.connection)
        for name in ("complaints_searchwords", "complaints_searchkeys"):
            schema_editor.execute(f"DROP TABLE {name}")
        return
    for table, names in pg.TRIGGERS.items():
        for name in names:
            schema_editor.execute(f"DROP TRIGGER complaints_search_{name} ON {table}")
    schema_editor.execute("DROP AGGREGATE complaints_search_all(tsvector)")
    for signature in pg.OWN_FUNCTIONS:
        schema_editor.execute(f"DROP FUNCTION complaints_search_{signature}")
    for name in ("contactpoint_mail_parts", "searchtext_keys", "searchtext_words"):
        schema_editor.execute(f"DROP INDEX IF EXISTS {name}")
    schema_editor.execute("ALTER TABLE complaints_searchtext DROP COLUMN words")


class Migration(migrations.Migration):
    dependencies = [
        ("complaints", "0012_desk"),
        ("core", "0006_desk"),
        ("retention", "0009_purchases_in_period"),
    ]

    operations = [migrations.RunPython(put_up, take_down)]
