"""What leaves the house: written in the action's transaction, sent afterwards by a job (mission E1, cases F27-F29)."""

from django.db import models
from django.db.models import Q

MAIL = "mail"


class OutboxMessage(models.Model):
    """One message to one recipient. Rendered when it is sent, in `language`, from `template` and `context`.

    `key` makes it exist once whatever happens twice; `message_id` stays the same however often it is sent.
    `due_at`: not before this instant (UTC); moved on after a failed try. Final when `sent_at` or `failed_at` is set.
    `suppressed`: why it was held back on purpose when its turn came (a code); `failed_at` says when.
    """

    key = models.CharField(max_length=120, unique=True)
    message_id = models.CharField(max_length=120)
    channel = models.CharField(max_length=12, default=MAIL)
    recipient = models.CharField(max_length=254)
    language = models.CharField(max_length=8)
    template = models.CharField(max_length=80)
    context = models.JSONField()
    subject_kind = models.CharField(max_length=24, blank=True)
    subject_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)
    suppressed = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["pk"]
        indexes = [
            models.Index(
                fields=["due_at", "id"], name="outbox_due", condition=Q(sent_at__isnull=True, failed_at__isnull=True)
            ),
            models.Index(fields=["subject_kind", "subject_id"], name="outbox_subject"),
        ]

    def __str__(self) -> str:
        return self.key
