"""Imports under way belong to the ground floor now: the table changes its name and keeps its rows."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("complaints", "0004_figures")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.AlterModelTable("ImportRun", "core_importrun")],
            state_operations=[migrations.DeleteModel("ImportRun")],
        )
    ]
