"""What a complaint is searched by is read one complaint at a time, by key, whatever the planner believes.

As a join it was planned by what the statistics said: of tables that were empty when they were last looked at, and full
since, it read all narratives for every batch of a load, slower with each batch. `OFFSET 0` keeps the order as written.
"""

from django.db import migrations

from complaints.migrations._search_pg import EDGE

BUILT = """
CREATE OR REPLACE FUNCTION complaints_search_built(wanted bigint[])
RETURNS TABLE (complaint_id bigint, keys text, words tsvector) LANGUAGE sql STABLE AS $$
    SELECT c.id, complaints_search_keys(c.reference, c.order_number, c.external_id, c.lot),
        complaints_search_join(
            complaints_search_piece(concat_ws(' {edge} ', c.subject, nullif(c.product, '')), c.language, 'A')
            || complaints_search_piece(k.name_key, '', 'A')
            || complaints_search_piece(
                concat_ws(' {edge} ', n.description, nullif(n.expectation, ''), nullif(n.remedy_sought, '')), c.language, 'B')
            || complaints_search_piece(concat_ws(' {edge} ', nullif(n.summary, ''), nullif(n.late_note, '')), c.language, 'D'),
            complaints_search_join(
                (SELECT complaints_search_all(complaints_search_piece(m.body, c.language, 'C') ORDER BY m.id)
                 FROM complaints_message m WHERE m.complaint_id = c.id),
                (SELECT complaints_search_all(
                    complaints_search_piece(o.body, coalesce(nullif(u.language, ''), c.language), 'D') ORDER BY o.id)
                 FROM complaints_note o LEFT JOIN core_user u ON u.id = o.author_id WHERE o.complaint_id = c.id)))
    FROM (SELECT DISTINCT unnest(wanted) AS id) AS w
    CROSS JOIN LATERAL (SELECT id, reference, order_number, external_id, lot, subject, product, language, customer_id
        FROM complaints_complaint WHERE id = w.id OFFSET 0) c
    CROSS JOIN LATERAL (SELECT description, expectation, remedy_sought, summary, late_note
        FROM complaints_narrative said WHERE said.complaint_id = c.id OFFSET 0) n
    LEFT JOIN LATERAL (SELECT name_key FROM retention_customer WHERE id = c.customer_id OFFSET 0) k ON true
$$
"""


def put_up(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(BUILT.replace("{edge}", EDGE), None)


class Migration(migrations.Migration):
    dependencies = [("complaints", "0022_payout_returns"), ("retention", "0012_upload_cancelled")]

    operations = [migrations.RunPython(put_up, migrations.RunPython.noop)]
