"""`/api/v1/metrics/complaints-received/quality/`: the list for quality control (mission A11)."""

from __future__ import annotations

from typing import Any

from django.db import models
from rest_framework import serializers
from rest_framework.request import Request

from complaints.models import Complaint, Outcome, Severity, Status
from complaints.reference import catalogue
from core.api.happened import Reference
from core.api.money import MoneyShape
from core.api.money import shown as money_shown
from core.instants import iso
from metrics import quality
from metrics.api.figures import MetricRows, Parameters
from metrics.figures import figures


class QualityShape(serializers.Serializer[Any]):
    """What is known about the cause of a complaint. No personal data: no subject, no words, no customer."""

    reference = serializers.CharField()
    received_at = serializers.DateTimeField()
    type = serializers.CharField(help_text="Its code.")
    root_cause = serializers.CharField(allow_null=True, help_text="Its code; null: not found yet.")
    themes = serializers.ListField(child=serializers.CharField(), help_text="Their codes, in their order.")
    product = serializers.CharField(allow_blank=True)
    lot = serializers.CharField(allow_blank=True)
    order_number = serializers.CharField(allow_blank=True)
    severity = serializers.ChoiceField(choices=Severity.choices)
    status = serializers.ChoiceField(choices=Status.choices)
    outcome = serializers.ChoiceField(choices=Outcome.choices, allow_null=True)
    remedies = MoneyShape(many=True, help_text="What was granted and not taken back, a sum for each currency.")
    corrective_actions = Reference(many=True, help_text="What is done about it, under /corrective-actions/.")


class QualityList(MetricRows):
    """Every complaint behind `complaints-received`, for quality control. The same parameters as the figure."""

    answer = QualityShape
    filters = (Parameters(figures["complaints-received"]),)

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> models.QuerySet[Any]:
        return super().rows(request, figure="complaints-received")

    def to_dicts(self, rows: list[Complaint]) -> list[dict[str, Any]]:
        """Query cost: 3."""
        found = quality.facts([row.pk for row in rows])
        return [_shown(row, found[row.pk]) for row in rows]


def _shown(row: Complaint, known: quality.Facts) -> dict[str, Any]:
    types, causes = catalogue().types_by_id, catalogue().causes_by_id
    return {
        "reference": row.reference,
        "received_at": iso(row.received_at),
        "type": types[row.type_id].code,
        "root_cause": causes[row.root_cause_id].code if row.root_cause_id is not None else None,
        "themes": known.themes,
        "product": row.product,
        "lot": row.lot,
        "order_number": row.order_number,
        "severity": row.severity,
        "status": row.status,
        "outcome": row.outcome or None,
        "remedies": [money_shown(total, currency) for currency, total in known.remedies.items()],
        "corrective_actions": [{"id": str(key), "name": title} for key, title in known.actions.items()],
    }
