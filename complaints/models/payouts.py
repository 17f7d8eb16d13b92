"""The lines of what was handed to finance, and what came back from the bank (mission A7)."""

from django.conf import settings
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


class PayoutReturn(models.Model):
    """A payment that came back: what it was, when it came back (local dates) and why. The payout is to be paid again.

    `payment`: the customer's payment that was made of it; `counter`: the one that takes it back.
    """

    payout = models.ForeignKey(Payout, models.CASCADE, related_name="returns")
    paid_on = models.DateField()
    reference = models.CharField(max_length=120)
    returned_on = models.DateField()
    reason = models.CharField(max_length=200)
    payment = models.ForeignKey("retention.Payment", models.PROTECT, null=True, related_name="+")
    counter = models.ForeignKey("retention.Payment", models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["payout", "paid_on", "reference"], name="payout_return_once"),
            models.CheckConstraint(
                condition=models.Q(returned_on__gte=models.F("paid_on")), name="payout_returned_after_paid"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payout_id} {self.reference}"
