"""The targets a new installation starts with; managers change them in the browser or over the API."""

from django.db import migrations

FIRST = {"resolution-rate": 90.0, "sla-compliance": 90.0}


def make(apps, schema_editor):
    apps.get_model("metrics", "FigureTargets").objects.create(pk=1, by_figure=FIRST)


def unmake(apps, schema_editor):
    apps.get_model("metrics", "FigureTargets").objects.filter(pk=1).delete()


class Migration(migrations.Migration):
    dependencies = [("metrics", "0003_figure_targets")]

    operations = [migrations.RunPython(make, unmake)]
