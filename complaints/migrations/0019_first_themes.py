"""The themes a new installation starts with (administrators change them in the browser)."""

from django.db import migrations

from complaints.migrations._first_themes import THEMES


def make(apps, schema_editor):
    """Only where nobody has made any."""
    themes = apps.get_model("complaints", "Theme").objects
    if themes.exists():
        return
    for place, (code, names) in enumerate(THEMES, start=1):
        themes.create(code=code, name=names["en"], names=names, position=place * 10)


def unmake(apps, schema_editor):
    """Those that no case has."""
    codes = [code for code, _names in THEMES]
    apps.get_model("complaints", "Theme").objects.filter(code__in=codes, cases__isnull=True).delete()


class Migration(migrations.Migration):
    dependencies = [("complaints", "0017_remedy_guard")]
    operations = [migrations.RunPython(make, unmake)]
