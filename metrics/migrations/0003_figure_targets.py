from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("metrics", "0002_first_surveys")]

    operations = [
        migrations.CreateModel(
            name="FigureTargets",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("by_figure", models.JSONField(blank=True, default=dict, verbose_name="targets")),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("pk", 1)), name="figuretargets_single_row"),
                ],
            },
        ),
    ]
