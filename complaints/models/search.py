"""What complaints are searched by, kept by triggers of the database (complaints.search): no code writes its rows."""

from django.db import models

from complaints.models.complaint import Complaint


class SearchText(models.Model):
    """What one complaint is found by. It comes and goes with the complaint's narrative.

    `keys`: reference (with and without dashes), order number, external id and lot, in capitals, for fragments.
    The words lie beside it, in what the database has for them: on PostgreSQL the column `words` (tsvector), which no
    field names, on SQLite two FTS5 tables (complaints.search.lite).
    """

    complaint = models.OneToOneField(
        Complaint, models.CASCADE, primary_key=True, related_name="search_text", db_constraint=False
    )
    keys = models.TextField()

    def __str__(self) -> str:
        return f"search text of {self.complaint_id}"
