"""The prepared final answers a new installation starts with (leads and managers change them in the browser)."""

from django.db import migrations
from django.utils import timezone

from complaints.migrations._first_final_answers import FINAL_ANSWERS

FINAL = "final"


def make(apps, schema_editor):
    """Only where nobody has made any."""
    macros = apps.get_model("complaints", "Macro").objects
    versions = apps.get_model("complaints", "MacroVersion").objects
    if versions.filter(purpose=FINAL).exists():
        return
    at, last = timezone.now(), macros.order_by("-position").values_list("position", flat=True).first() or 0
    for place, (names, texts) in enumerate(FINAL_ANSWERS, start=1):
        macro = macros.create(name=names["en"], names=names, position=last + place * 10, created_at=at)
        macro.current = versions.create(macro=macro, number=1, texts=texts, purpose=FINAL, created_at=at)
        macro.save(update_fields=["current"])


def unmake(apps, schema_editor):
    """What people made or changed stays."""
    apps.get_model("complaints", "Macro").objects.filter(
        version=1, current__purpose=FINAL, versions__made_by__isnull=True, owner__isnull=True, team__isnull=True
    ).delete()


class Migration(migrations.Migration):
    dependencies = [("complaints", "0019_first_themes")]
    operations = [migrations.RunPython(make, unmake)]
