"""The first limits (managers grant without one, nobody else grants), and the guard that holds them in the database."""

from django.db import migrations, models
from django.utils import timezone

from complaints.migrations import _remedy_guard_pg as pg


def first_version(apps, schema_editor):
    now = timezone.now().replace(microsecond=0)  # the same when it is written as JSON and read back
    version = apps.get_model("complaints", "AuthorityVersion").objects.create(number=1, created_at=now)
    apps.get_model("complaints", "AuthorityLimit").objects.create(version=version, holder="role", role="manager")
    version.published_at = now
    version.save()


def put_up(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":  # SQLite's triggers: complaints.authority.guard
        schema_editor.execute(pg.FUNCTIONS, None)
        schema_editor.execute(pg.TRIGGERS, None)


def take_down(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(pg.DOWN, None)


class Migration(migrations.Migration):
    dependencies = [("complaints", "0016_amends")]

    operations = [
        migrations.RemoveConstraint(model_name="remedy", name="remedy_granted_by_somebody"),
        migrations.RemoveIndex(model_name="remedy", name="remedy_granted_by"),
        migrations.AddField(model_name="remedy", name="decided_on", field=models.DateField(null=True)),
        migrations.AddIndex(
            model_name="remedy",
            index=models.Index(
                condition=models.Q(("amount__isnull", False), ("status", "granted")),
                fields=["decided_by", "decided_on"],
                include=("kind", "currency", "amount"),
                name="remedy_granted_by",
            ),
        ),
        migrations.AddConstraint(
            model_name="remedy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ["granted", "revoked"]), _negated=True),
                    models.Q(
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                        ("decided_on__isnull", False),
                        ("within_authority__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="remedy_granted_by_somebody",
            ),
        ),
        migrations.RunPython(put_up, take_down),
        migrations.RunPython(first_version, migrations.RunPython.noop),
    ]
