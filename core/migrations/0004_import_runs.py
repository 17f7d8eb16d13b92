"""Imports under way, taken over from the complaints with their rows; each says now of what it is an import."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0003_absence_hand_over"), ("complaints", "0005_import_runs_leave")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="ImportRun",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("preset", models.CharField(max_length=20)),
                        ("source", models.CharField(max_length=40)),
                        ("fingerprint", models.CharField(max_length=64)),
                        ("position", models.PositiveBigIntegerField(default=0)),
                        ("created", models.PositiveBigIntegerField(default=0)),
                        ("updated", models.PositiveBigIntegerField(default=0)),
                        ("unchanged", models.PositiveBigIntegerField(default=0)),
                        ("rejected", models.PositiveBigIntegerField(default=0)),
                        ("started_at", models.DateTimeField()),
                        ("finished_at", models.DateTimeField(null=True)),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["fingerprint", "preset", "source"], name="importrun_file"),
                        ]
                    },
                )
            ]
        ),
        migrations.AddField(
            "ImportRun", "kind", models.CharField(max_length=20, default="complaints"), preserve_default=False
        ),
        migrations.AddField(
            "ImportRun", "options", models.CharField(max_length=200, blank=True, default=""), preserve_default=False
        ),
    ]
