"""The lines of what was handed to finance (mission A7)."""

from django.db import models

from complaints.models.remedies import MONEY, Payout, PayoutExport, RemedyKind


class PayoutLine(models.Model):
    """One amount as it stood in an export, so that the file fetched again is the same whatever changed since.

    A payout that failed has a line in each export it went out with.
    """

    export = models.ForeignKey(PayoutExport, models.PROTECT, related_name="lines", db_index=False)
    payout = models.ForeignKey(Payout, models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField()
    complaint_reference = models.CharField(max_length=16)
    customer_key = models.BigIntegerField(null=True)
    customer_name = models.CharField(max_length=200, blank=True)
    customer_external_id = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=12, choices=RemedyKind.choices)
    amount = models.DecimalField(**MONEY)
    currency = models.CharField(max_length=3)
    charge_external_id = models.CharField(max_length=200, blank=True)
    order_number = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["export", "position"]
        constraints = [
            models.UniqueConstraint(fields=["export", "position"], name="payout_line_position_once"),
            models.UniqueConstraint(fields=["payout", "export"], name="payout_line_once"),
        ]

    def __str__(self) -> str:
        return f"{self.export_id} {self.position}"
