"""What customers buy, are charged and pay (mission C2, A7). Orders carry figures, lines carry facts."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from retention.models.customers import Customer


class PurchaseKind(models.TextChoices):
    ORDER = "order", _("Order")
    RETURN = "return", _("Return or cancellation")
    ADJUSTMENT = "adjustment", _("Adjustment")


class Purchase(models.Model):
    """One order of a customer, or what takes one back. Its figures are sums of its lines, kept by the actions.

    An order billed in two currencies is two rows. `purchased_at`: the moment of its earliest line. `valid_lines`,
    `valid_amount`: lines with quantity > 0 and unit price > 0 (domain, Figures); a purchase counts (`is_valid`) when
    it is an order of a known customer, not cancelled, with at least one such line. `amount`: the sum of all lines,
    negative for returns. Amounts keep four decimals.
    `incentive`: bought with a discount, points or another bribe (C3), counted apart.
    """

    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="purchases", verbose_name=_("customer")
    )
    order_number = models.CharField(_("order number"), max_length=80)
    kind = models.CharField(_("kind"), max_length=12, choices=PurchaseKind.choices, default=PurchaseKind.ORDER)
    returns = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="returned_by", verbose_name=_("takes back")
    )
    purchased_at = models.DateTimeField(_("bought"))
    currency = models.CharField(_("currency"), max_length=3)
    amount = models.DecimalField(_("amount"), max_digits=19, decimal_places=4, default=0)
    valid_amount = models.DecimalField(max_digits=19, decimal_places=4, default=0)
    valid_lines = models.PositiveIntegerField(default=0)
    incentive = models.BooleanField(_("bought with an incentive"), default=False)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)
    is_valid = models.BooleanField(default=False)
    source = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(db_index=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["-purchased_at", "-pk"]
        verbose_name = _("purchase")
        verbose_name_plural = _("purchases")
        constraints = [
            models.UniqueConstraint(
                fields=["source", "order_number", "customer", "currency"],
                name="purchase_order_once",
                condition=Q(customer__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["source", "order_number", "currency"],
                name="purchase_nobodys_once",
                condition=Q(customer__isnull=True),
            ),
            models.CheckConstraint(condition=Q(kind__in=PurchaseKind.values), name="purchase_kind_known"),
            models.CheckConstraint(
                condition=Q(is_valid=False)
                | Q(customer__isnull=False, kind="order", cancelled_at__isnull=True, valid_lines__gt=0),
                name="purchase_valid_is_countable",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-purchased_at", "-id"], name="purchase_of_customer"),
            models.Index(fields=["order_number"], name="purchase_order_number"),
            # Figures ask for a period, or for what one customer bought before it.
            models.Index(
                fields=["purchased_at"],
                name="purchase_in_period",
                condition=Q(is_valid=True),
                include=["customer", "valid_amount", "currency", "incentive", "source"],
            ),
            models.Index(fields=["customer", "purchased_at"], name="purchase_valid_of", condition=Q(is_valid=True)),
        ]

    def __str__(self) -> str:
        return self.order_number


class PurchaseLine(models.Model):
    """One line of an order as it was billed. Identical lines are different lines: `occurrence` counts them.

    `fingerprint`: digest of what the line says, for files whose lines have no id of their own; blank for ours.
    """

    purchase = models.ForeignKey(Purchase, models.CASCADE, related_name="lines")
    purchased_at = models.DateTimeField()
    sku = models.CharField(_("article"), max_length=80, blank=True)
    description = models.CharField(_("description"), max_length=200, blank=True)
    quantity = models.DecimalField(_("quantity"), max_digits=14, decimal_places=3)
    unit_price = models.DecimalField(_("unit price"), max_digits=19, decimal_places=4)
    fingerprint = models.CharField(max_length=32, blank=True)
    occurrence = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["pk"]
        verbose_name = _("line")
        constraints = [
            models.UniqueConstraint(
                fields=["fingerprint", "occurrence"], name="purchaseline_once", condition=~Q(fingerprint="")
            )
        ]

    def __str__(self) -> str:
        return f"{self.quantity} {self.sku}"


class Charge(models.Model):
    """What a customer was asked to pay; beside it the payments, so that an agent sees an overcharge at once (A7).

    `amount` in the currency's own exponent. `charged_on`: local date.
    """

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="charges", verbose_name=_("customer"))
    charged_on = models.DateField(_("charged on"))
    amount = models.DecimalField(_("amount"), max_digits=19, decimal_places=4)
    currency = models.CharField(_("currency"), max_length=3)
    description = models.CharField(_("description"), max_length=200, blank=True)
    order_number = models.CharField(_("order number"), max_length=80, blank=True)
    source = models.CharField(max_length=40, blank=True)
    external_id = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(db_index=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["-charged_on", "-pk"]
        verbose_name = _("charge")
        constraints = [
            models.UniqueConstraint(
                fields=["source", "external_id"], name="charge_external_id_once", condition=~Q(external_id="")
            ),
            models.CheckConstraint(condition=~Q(amount=0), name="charge_not_nothing"),
        ]
        indexes = [models.Index(fields=["customer", "-charged_on", "-id"], name="charge_of_customer")]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


class Payment(models.Model):
    """What a customer paid (or, negative, got back), perhaps for one charge. `paid_on`: local date."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="payments", verbose_name=_("customer"))
    charge = models.ForeignKey(
        Charge, models.PROTECT, null=True, blank=True, related_name="payments", verbose_name=_("charge")
    )
    paid_on = models.DateField(_("paid on"))
    amount = models.DecimalField(_("amount"), max_digits=19, decimal_places=4)
    currency = models.CharField(_("currency"), max_length=3)
    method = models.CharField(_("method"), max_length=80, blank=True)
    source = models.CharField(max_length=40, blank=True)
    external_id = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(db_index=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["-paid_on", "-pk"]
        verbose_name = _("payment")
        constraints = [
            models.UniqueConstraint(
                fields=["source", "external_id"], name="payment_external_id_once", condition=~Q(external_id="")
            ),
            models.CheckConstraint(condition=~Q(amount=0), name="payment_not_nothing"),
        ]
        indexes = [models.Index(fields=["customer", "-paid_on", "-id"], name="payment_of_customer")]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"
