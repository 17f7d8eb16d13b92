"""`expand=complaint` on what belongs to a complaint: the whole of it, as under /complaints/ (interface, REST API)."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from complaints.api.complaints import shown
from core.api.expanding import Expansion

LOADED = ("customer", "owner", "team", "narrative", "merged_into", "incident")


def _with_complaint(rows: QuerySet[Any]) -> QuerySet[Any]:
    """One query more, whatever the number of rows."""
    return rows.select_related(*(f"complaint__{name}" for name in LOADED)).prefetch_related("complaint__clocks")


def _complaint(row: Any) -> Any:
    """The whole complaint; its reference where the caller sees the row and not the case itself (`case_is_seen`)."""
    if row.complaint is None:
        return None
    return shown(row.complaint) if getattr(row, "case_is_seen", True) else row.complaint.reference


OF_COMPLAINT = {"complaint": Expansion("complaints", _with_complaint, _complaint)}
