"""What stood in each file that was handed to finance."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("complaints", "0018_first_final_answers"),
    ]

    operations = [
        migrations.CreateModel(
            name="PayoutLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField()),
                ("complaint_reference", models.CharField(max_length=16)),
                ("customer_key", models.BigIntegerField(null=True)),
                ("customer_name", models.CharField(blank=True, max_length=200)),
                ("customer_external_id", models.CharField(blank=True, max_length=200)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("apology", "Apology"),
                            ("refund", "Refund"),
                            ("credit", "Credit"),
                            ("replacement", "Replacement"),
                            ("discount", "Discount"),
                            ("points", "Goodwill points"),
                            ("other", "Something else"),
                        ],
                        max_length=12,
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=4, max_digits=19)),
                ("currency", models.CharField(max_length=3)),
                ("charge_external_id", models.CharField(blank=True, max_length=200)),
                ("order_number", models.CharField(blank=True, max_length=80)),
                (
                    "export",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="complaints.payoutexport",
                    ),
                ),
                (
                    "payout",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="lines", to="complaints.payout"
                    ),
                ),
            ],
            options={
                "ordering": ["export", "position"],
                "constraints": [
                    models.UniqueConstraint(fields=("export", "position"), name="payout_line_position_once"),
                    models.UniqueConstraint(fields=("payout", "export"), name="payout_line_once"),
                ],
            },
        ),
    ]
