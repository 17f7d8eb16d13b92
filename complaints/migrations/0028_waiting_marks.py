"""A mark that waits is looked at when its time has come, not once: those that wait now, at once."""

from django.db import migrations, models


def look_at_once(apps, schema_editor):
    waiting = apps.get_model("complaints", "Firing").objects.filter(hand_over=True, handled_at__isnull=True)
    waiting.update(look_at=models.F("fired_at"))


class Migration(migrations.Migration):
    dependencies = [("complaints", "0027_marks_are_looked_at_again")]

    operations = [migrations.RunPython(look_at_once, migrations.RunPython.noop)]
