"""What was said: messages with the complainant and notes among ourselves."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from complaints.models.catalogue import ChannelCode
from complaints.models.complaint import Complaint

IN, OUT = "in", "out"


class Purpose(models.TextChoices):
    """What a message is for. An automatic receipt never stops a clock (domain, Complaint 8)."""

    RECEIPT = "receipt", _("Receipt")
    ACKNOWLEDGEMENT = "acknowledgement", _("Acknowledgement")
    REPLY = "reply", _("Reply")
    FINAL_ANSWER = "final_answer", _("Final answer")


class Message(models.Model):
    """One message from or to the complainant. `author` is the person of ours who wrote or noted it, if one did."""

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="messages")
    direction = models.CharField(max_length=3, choices=[(IN, _("from the customer")), (OUT, _("to the customer"))])
    purpose = models.CharField(max_length=16, choices=Purpose.choices, default=Purpose.REPLY)
    channel = models.CharField(max_length=12, choices=ChannelCode.choices)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    body = models.TextField()
    at = models.DateTimeField()
    created_at = models.DateTimeField()
    by_mail_to = models.CharField(max_length=254, blank=True)  # "" = shown on the status page only

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.direction} {self.at}"


class Note(models.Model):
    """An internal note, never sent."""

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    body = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["created_at", "pk"]

    def __str__(self) -> str:
        return f"{self.complaint_id} note {self.created_at}"
