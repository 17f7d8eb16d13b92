"""The single row that holds the organisation's settings."""

from django.db import migrations


def make(apps, schema_editor):
    apps.get_model("core", "Organisation").objects.get_or_create(pk=1)


class Migration(migrations.Migration):
    dependencies = [("core", "0001_first")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
