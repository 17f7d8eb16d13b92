"""The macros a new installation starts with, in five languages (leads and managers change them in the browser)."""

from django.db import migrations
from django.utils import timezone

from complaints.migrations._first_macros import MACROS


def make(apps, schema_editor):
    """Only where nobody has made any."""
    macros = apps.get_model("complaints", "Macro").objects
    versions = apps.get_model("complaints", "MacroVersion").objects
    if macros.exists():
        return
    at = timezone.now()
    for place, (names, acts, texts) in enumerate(MACROS, start=1):
        macro = macros.create(name=names["en"], names=names, position=place * 10, created_at=at)
        macro.current = versions.create(macro=macro, number=1, texts=texts, acts=acts, created_at=at)
        macro.save(update_fields=["current"])


def unmake(apps, schema_editor):
    """What people made or changed stays."""
    apps.get_model("complaints", "Macro").objects.filter(
        version=1, versions__made_by__isnull=True, owner__isnull=True, team__isnull=True
    ).delete()


class Migration(migrations.Migration):
    dependencies = [("complaints", "0013_search")]
    operations = [migrations.RunPython(make, unmake)]
