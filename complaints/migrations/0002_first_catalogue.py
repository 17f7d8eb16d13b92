"""The catalogue a new installation starts with (administrators change it in the browser)."""

from datetime import UTC, datetime

from django.conf import settings
from django.db import migrations

from complaints.migrations import _first_data as data

SINCE = datetime(2000, 1, 1, tzinfo=UTC)  # also governs complaints received before the installation


def make(apps, schema_editor):
    def model(app, name):
        return apps.get_model(app, name)

    types = _tree(model("complaints", "ComplaintType"), [(c, n, k) for c, n, k, _public in data.TYPES])
    for code, _names, _children, public in data.TYPES:
        if public:
            row = types[code]
            row.is_public, row.public_names, row.public_hints = True, public[0], public[1]
            row.save()
    _tree(model("complaints", "RootCause"), data.CAUSES)
    for position, code in enumerate(data.CHANNELS):
        model("complaints", "Channel").objects.create(code=code, position=position)
    calendars = {}
    for key, name, weekly in [
        ("office", "Office hours", data.OFFICE_HOURS),
        ("always", "Day and night", data.ROUND_THE_CLOCK),
    ]:
        calendars[key] = model("core", "Calendar").objects.create(name=name)
        model("core", "CalendarVersion").objects.create(
            calendar=calendars[key],
            number=1,
            definition={"tz": settings.TIME_ZONE, "weekly": weekly, "exceptions": []},
            effective_at=SINCE,
            created_at=SINCE,
        )
    version = model("complaints", "SlaVersion").objects.create(number=1, published_at=SINCE, created_at=SINCE)
    for position, (name, conditions, calendar, targets) in enumerate(data.POLICIES, start=1):
        model("complaints", "SlaPolicy").objects.create(
            version=version,
            position=position,
            name=name,
            type=types[conditions["type"]] if "type" in conditions else None,
            channel=conditions.get("channel", ""),
            severity=conditions.get("severity", ""),
            calendar=calendars[calendar],
            targets=targets,
        )


def _tree(model, rows):
    made = {}
    position = 0
    for code, names, children in rows:
        position += 10
        made[code] = model.objects.create(code=code, name=names["en"], names=names, position=position)
        for child, child_names in children:
            position += 10
            made[child] = model.objects.create(
                code=child, name=child_names["en"], names=child_names, position=position, parent=made[code]
            )
    return made


def unmake(apps, schema_editor):
    for app, name in [
        ("complaints", "SlaPolicy"),
        ("complaints", "SlaVersion"),
        ("core", "CalendarVersion"),
        ("core", "Calendar"),
        ("complaints", "Channel"),
    ]:
        apps.get_model(app, name).objects.all().delete()
    for name in ("ComplaintType", "RootCause"):
        apps.get_model("complaints", name).objects.filter(parent__isnull=False).delete()
        apps.get_model("complaints", name).objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("complaints", "0001_first"), ("core", "0002_organisation_row")]
    operations = [migrations.RunPython(make, unmake)]
