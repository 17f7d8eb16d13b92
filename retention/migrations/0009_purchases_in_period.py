"""What figures ask of a period's purchases stands in one index; what one customer bought before, in a narrower one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("retention", "0008_uploads")]

    operations = [
        migrations.AddIndex(
            model_name="purchase",
            index=models.Index(
                fields=["purchased_at"],
                name="purchase_in_period",
                condition=models.Q(("is_valid", True)),
                include=("customer", "valid_amount", "currency", "incentive", "source"),
            ),
        ),
        migrations.AddIndex(
            model_name="purchase",
            index=models.Index(
                fields=["customer", "purchased_at"],
                name="purchase_valid_of",
                condition=models.Q(("is_valid", True)),
            ),
        ),
        migrations.RemoveIndex(model_name="purchase", name="purchase_figures"),
        migrations.RemoveIndex(model_name="purchase", name="purchase_period"),
    ]
