"""Customers and complaints are found by an order number (ux, desk 8)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("complaints", "0007_fill_standing")]

    operations = [
        migrations.AddIndex(
            model_name="complaint", index=models.Index(fields=["order_number"], name="complaint_order_number")
        ),
    ]
