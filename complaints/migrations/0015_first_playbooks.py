"""The playbooks a new installation starts with, and the index that finds articles on PostgreSQL (mission A6, D1)."""

from datetime import UTC, datetime

from django.db import migrations

from complaints.migrations import _first_data
from complaints.migrations import _first_playbooks as data

SINCE = datetime(2000, 1, 1, tzinfo=UTC)  # every case of this installation began under them
INDEX = "article_words"


def make(apps, schema_editor):
    types = {row.code: row for row in apps.get_model("complaints", "ComplaintType").objects.all()}
    _write(apps, None, data.GENERAL, data.steps_for(""))
    for code, names, _children, _public in _first_data.TYPES:
        if code in data.OWN and code in types:
            _write(apps, types[code], names, data.steps_for(code))


def _write(apps, of_type, names, steps):
    playbook = apps.get_model("complaints", "Playbook").objects.create(type=of_type, name=names["en"], names=names)
    apps.get_model("complaints", "PlaybookVersion").objects.create(
        playbook=playbook,
        number=1,
        steps=steps,
        customer_part=data.CUSTOMER_PART,
        created_at=SINCE,
        published_at=SINCE,
    )


def unmake(apps, schema_editor):
    """Only what nobody has ticked or built on goes; the tables themselves go with 0012."""
    ticked = apps.get_model("complaints", "StepDone").objects.values("version__playbook")
    apps.get_model("complaints", "Playbook").objects.exclude(pk__in=ticked).delete()


def index(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            f"CREATE INDEX {INDEX} ON complaints_articleversion USING gin (to_tsvector('simple', words))"
        )


def no_index(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP INDEX IF EXISTS {INDEX}")


class Migration(migrations.Migration):
    dependencies = [("complaints", "0014_first_macros")]
    operations = [migrations.RunPython(make, unmake), migrations.RunPython(index, no_index)]
