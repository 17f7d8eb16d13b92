"""Fill what figures read of the clocks of complaints that existed before. The two columns of working time need
calendars: `manage.py recount_standing` fills them. Data only; taking it back leaves the columns as they are."""

from django.db import migrations

KINDS = ("acknowledge", "resolve")


def _statement(kind: str) -> str:
    late = "state = 'breached' AND (completed_at IS NOT NULL OR due_at IS NULL)"
    return f"""
    UPDATE complaints_complaint
    SET {kind}_met = found.met, {kind}_late = found.late, {kind}_due_at = found.due_at
    FROM (
        SELECT complaint_id, count(*) FILTER (WHERE state = 'met') AS met, count(*) FILTER (WHERE {late}) AS late,
               max(due_at) FILTER (WHERE state <> 'met' AND NOT ({late})) AS due_at
        FROM complaints_clock WHERE kind = '{kind}' AND state <> 'cancelled' GROUP BY complaint_id
    ) AS found
    WHERE found.complaint_id = complaints_complaint.id
    """  # noqa: S608  (our own names)


class Migration(migrations.Migration):
    dependencies = [("complaints", "0006_queue_counts")]

    operations = [migrations.RunSQL(_statement(kind), migrations.RunSQL.noop) for kind in KINDS]
