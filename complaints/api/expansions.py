"""What `expand` shows with complaints: the related records as their own addresses show them (interface, REST API)."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, QuerySet

from complaints.api import present
from complaints.api.teams import shown as team_shown
from complaints.models import Complaint, Message
from complaints.reference import catalogue
from core.api.expanding import Expansion
from retention.api.expansions import CUSTOMER

MOST_MESSAGES = 50  # of one complaint


def _with_messages(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Two queries more, whatever the number of rows."""
    newest = Message.objects.select_related("author", "macro").prefetch_related("acts").order_by("-at", "-pk")
    return rows.prefetch_related(Prefetch("messages", newest[:MOST_MESSAGES], to_attr="newest_messages"))


def _type(row: Complaint) -> dict[str, Any]:
    found = catalogue().types_by_id[row.type_id]
    return {**present.type_brief(found), **present.catalogue_row(found)}


EXPANSIONS = {
    **CUSTOMER,
    "owner": Expansion("agents", lambda rows: rows.select_related("owner__team"), lambda row: present.agent(row.owner)),
    "team": Expansion(
        "teams",
        lambda rows: rows.select_related("team__lead", "team__manager"),
        lambda row: team_shown(row.team) if row.team else None,
    ),
    "type": Expansion("complaint-types", lambda rows: rows, _type),
    "messages": Expansion(
        "complaints",
        _with_messages,
        lambda row: [present.message(one) for one in reversed(row.newest_messages)],
        only=True,
    ),
}
