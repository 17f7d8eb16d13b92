from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("complaints", "0026_sla_edit_rows")]

    operations = [
        migrations.RemoveIndex(model_name="firing", name="firing_to_hand_over"),
        migrations.AddField(model_name="firing", name="look_at", field=models.DateTimeField(null=True)),
        migrations.AddIndex(
            model_name="firing",
            index=models.Index(
                condition=models.Q(("hand_over", True), ("handled_at__isnull", True)),
                fields=["look_at", "id"],
                name="firing_to_look_at",
            ),
        ),
    ]
