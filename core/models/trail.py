"""The append-only trail (domain, Trail). Written only by core.trail."""

from django.db import models

# What figures ask of every case (metrics.figures.contacts): few among its entries, so they have an index of their own.
TURNS_OF_A_CASE = ("complaint.assigned", "complaint.handed_over", "complaint.reopened", "complaint.resolved")


class TrailEntry(models.Model):
    """One change: who, when, what, from -> to, why. Chained per subject: `hash` covers the previous entry's.

    `body` is canonical JSON text without personal data; `private` is personal text (JSON) that may be erased: the chain
    covers only `private_digest`, the salted SHA-256 of it. `at` is when it happened, `recorded_at` when it was written.
    `token_id`: of an integration's token, as names of tokens may be used again; null before it was recorded.
    """

    subject_kind = models.CharField(max_length=24)
    subject_id = models.BigIntegerField()
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=48)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    actor_kind = models.CharField(max_length=12)
    actor_id = models.BigIntegerField(null=True)
    actor_label = models.CharField(max_length=150)
    customer_id = models.BigIntegerField(null=True)
    body = models.TextField()
    private = models.TextField(blank=True)
    salt = models.CharField(max_length=32, blank=True)
    private_digest = models.CharField(max_length=64, blank=True)
    hash = models.BinaryField(max_length=32)
    token_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject_kind", "subject_id", "seq"], name="trailentry_seq_once")
        ]
        indexes = [
            models.Index(
                fields=["customer_id", "-at", "-id"],
                name="trailentry_customer",
                condition=models.Q(customer_id__isnull=False),
            ),
            models.Index(
                fields=["subject_id", "at"], name="trailentry_turns", condition=models.Q(kind__in=TURNS_OF_A_CASE)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject_kind}:{self.subject_id}#{self.seq} {self.kind}"


class TrailAnchor(models.Model):
    """A seal over all entries with `first_id <= id <= last_id`, chained to the anchor before: cut-off ends show."""

    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()
    entries = models.PositiveIntegerField()
    at = models.DateTimeField()
    hash = models.BinaryField(max_length=32)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.first_id}-{self.last_id}"
