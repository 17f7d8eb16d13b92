"""Charges and payments can be corrected: a version says which state somebody has seen."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("retention", "0006_names_by_sound")]
    operations = [
        migrations.AddField("charge", "version", models.PositiveIntegerField(default=1)),
        migrations.AddField("payment", "version", models.PositiveIntegerField(default=1)),
    ]
