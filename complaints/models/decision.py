"""What we decided, about each thing the complainant asked for, and how they learned of it (domain, Complaint 6-7)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints.models.complaint import Complaint, Outcome
from complaints.models.conversation import Message


class ToldHow(models.TextChoices):
    """How the complainant learned of the decision, where a person told them."""

    PHONE = "phone", _("by phone")
    IN_PERSON = "in_person", _("in person")
    LETTER = "letter", _("by letter")
    MAIL = "mail", _("by e-mail")


class Decision(models.Model):
    """One decision on a complaint; a case that is opened again gets another (`number` from 1).

    `findings`: what the investigation found, for us. `answer`: the final answer sent, if one was. Delivery: `told_at`
    when a person of ours told them (`told_how`), `seen_at` when the status page first showed it; what became of the
    mail stands with its outbox row. `accepted`: the complainant's last word on this decision. `superseded_at`: the case
    was opened again.
    """

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="decisions")
    number = models.PositiveSmallIntegerField()
    outcome = models.CharField(max_length=14, choices=Outcome.choices)
    findings = models.TextField(blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField()
    answer = models.ForeignKey(Message, models.SET_NULL, null=True, related_name="+")
    told_how = models.CharField(max_length=10, choices=ToldHow.choices, blank=True)
    told_at = models.DateTimeField(null=True)
    told_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    seen_at = models.DateTimeField(null=True)
    accepted = models.BooleanField(null=True)
    accepted_at = models.DateTimeField(null=True)
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["number"]
        verbose_name = _("decision")
        constraints = [models.UniqueConstraint(fields=["complaint", "number"], name="decision_once")]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.number}: {self.outcome}"


class DemandOutcome(models.TextChoices):
    GRANTED = "granted", pgettext_lazy("demand", "Granted")
    PARTLY = "partly_granted", pgettext_lazy("demand", "Partly granted")
    REFUSED = "refused", pgettext_lazy("demand", "Refused")


class Demand(models.Model):
    """One thing the complainant asks for, and what was decided about it. `outcome` blank: not decided.

    `answer`: what they are told about it; `remedy`: what answers it, if something is given.
    """

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="demands")
    position = models.PositiveSmallIntegerField(default=0)
    text = models.CharField(_("what they ask for"), max_length=500)
    outcome = models.CharField(max_length=14, choices=DemandOutcome.choices, blank=True)
    answer = models.TextField(blank=True)
    remedy = models.ForeignKey("complaints.Remedy", models.SET_NULL, null=True, blank=True, related_name="demands")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="", decided_at__isnull=True) | ~Q(outcome="") & Q(decided_at__isnull=False),
                name="demand_decided_some_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.position}"
