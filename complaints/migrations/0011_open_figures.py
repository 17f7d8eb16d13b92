"""The open complaints have an index of their own for figures; a customer's earlier ones are counted from the index."""

from django.db import migrations, models

OPEN = ("new", "acknowledged", "investigating", "waiting_on_customer")


class Migration(migrations.Migration):
    dependencies = [("complaints", "0010_first_ladder")]

    operations = [
        migrations.AddIndex(
            model_name="complaint",
            index=models.Index(
                fields=["received_at"],
                name="complaint_open_figures",
                condition=models.Q(("is_quarantined", False), ("kind", "complaint"), ("status__in", OPEN))
                & ~models.Q(("status", "merged")),
                include=(
                    "type",
                    "channel",
                    "severity",
                    "team",
                    "owner",
                    "customer",
                    "source",
                    "status",
                    "resolve_due_at",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="complaint",
            index=models.Index(
                fields=["customer", "received_at"],
                name="complaint_of_customer",
                condition=models.Q(("customer__isnull", False)),
                include=("kind", "status", "is_quarantined"),
            ),
        ),
        migrations.RemoveIndex(model_name="complaint", name="complaint_customer"),
    ]
