"""Messages to customers bore the channel of their complaint; from now on theirs is the way they went."""

from django.db import migrations

WAYS = """
UPDATE complaints_message
   SET channel = CASE WHEN by_mail_to <> '' THEN 'email' ELSE 'web' END
 WHERE direction = 'out'
"""


class Migration(migrations.Migration):
    dependencies = [("complaints", "0024_lists_by_rare_values")]
    operations = [migrations.RunSQL(WAYS, migrations.RunSQL.noop)]
