from django.db import migrations, models


class Migration(migrations.Migration):
    """Entries written from now on say which token an integration used; those before keep their seal, and null."""

    dependencies = [
        ("core", "0010_answers_keep_their_etag"),
    ]

    operations = [
        migrations.AddField(
            model_name="trailentry",
            name="token_id",
            field=models.BigIntegerField(null=True),
        ),
    ]
