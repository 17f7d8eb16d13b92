import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("core", "__first__"),
        ("retention", "0009_purchases_in_period"),
    ]

    operations = [
        migrations.CreateModel(
            name="LoyaltyAccount",
            fields=[
                (
                    "customer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="loyalty",
                        serialize=False,
                        to="retention.customer",
                    ),
                ),
                ("balance", models.IntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("balance__gte", 0)), name="loyalty_balance_not_negative")
                ],
            },
        ),
        migrations.CreateModel(
            name="LoyaltyEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("points", models.IntegerField(verbose_name="points")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("earned", "Earned"),
                            ("goodwill", "Goodwill"),
                            ("redeemed", "Redeemed"),
                            ("expired", "Expired"),
                            ("corrected", "Corrected"),
                        ],
                        max_length=10,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="reason")),
                ("complaint_reference", models.CharField(blank=True, max_length=16)),
                ("key", models.CharField(blank=True, max_length=80)),
                ("source", models.CharField(blank=True, max_length=40)),
                ("at", models.DateTimeField()),
                ("created_at", models.DateTimeField(db_index=True)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="loyalty_entries",
                        to="retention.customer",
                    ),
                ),
            ],
            options={
                "verbose_name": "loyalty entry",
                "verbose_name_plural": "loyalty entries",
                "ordering": ["-at", "-pk"],
                "indexes": [models.Index(fields=["customer", "-at", "-id"], name="loyalty_of_customer")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("points", 0), _negated=True), name="loyalty_not_nothing"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind", "corrected"),
                            models.Q(("kind__in", ["earned", "goodwill"]), ("points__gt", 0)),
                            models.Q(("kind__in", ["redeemed", "expired"]), ("points__lt", 0)),
                            _connector="OR",
                        ),
                        name="loyalty_sign_fits",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("key", ""), _negated=True), fields=("key",), name="loyalty_key_once"
                    ),
                ],
            },
        ),
    ]
