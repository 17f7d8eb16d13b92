"""What we promised somebody, by when, and whether we kept it (mission A12; domain, Terms)."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints.models.catalogue import ChannelCode
from complaints.models.complaint import Complaint
from complaints.models.conversation import Message


class PromiseEnd(models.TextChoices):
    """How nothing is owed any more: done, replaced by a new promise, or no longer wanted."""

    KEPT = "kept", pgettext_lazy("promise", "Done")
    RENEGOTIATED = "renegotiated", pgettext_lazy("promise", "Renegotiated")
    RELEASED = "released", pgettext_lazy("promise", "No longer wanted")


class Promise(models.Model):
    """One promise: what, by when (`due_at`, UTC), to whom, through which channel, and who of ours answers for it.

    Owed until `settled_at`; `settled_as` says how. Kept: done by `due_at`. Broken: `due_at` passed while it was owed,
    on record as `broken_at`, which equals `due_at` whenever it was noticed (`detected_at`) and is never erased; it is
    owed all the same. Renegotiated in time it was neither; `renewed_as` is the promise in its place.
    `to_whom`: blank for the complainant. `next_at`: when the sweep must look again (to warn, then at `due_at`), NULL
    when settled or broken; `warned_at`: its owner was told that it comes near.
    """

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="promises", db_index=False)
    text = models.CharField(_("what we promise"), max_length=500)
    due_at = models.DateTimeField(_("by when"))
    to_whom = models.CharField(_("to whom"), max_length=120, blank=True)
    channel = models.CharField(_("how they will hear"), max_length=12, choices=ChannelCode.choices, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="promises")
    message = models.ForeignKey(Message, models.SET_NULL, null=True, blank=True, related_name="promises")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    next_at = models.DateTimeField(null=True)
    warned_at = models.DateTimeField(null=True)
    broken_at = models.DateTimeField(null=True)
    detected_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    settled_as = models.CharField(max_length=12, choices=PromiseEnd.choices, blank=True)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    settled_note = models.TextField(blank=True)
    renewed_as = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="renews")
    updated_at = models.DateTimeField(db_index=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["due_at", "pk"]
        verbose_name = _("promise")
        verbose_name_plural = _("promises")
        constraints = [
            models.CheckConstraint(
                condition=Q(settled_at__isnull=True, settled_as="")
                | Q(settled_at__isnull=False, settled_as__in=PromiseEnd.values),
                name="promise_settled_somehow",
            ),
            models.CheckConstraint(
                condition=Q(broken_at__isnull=True) | Q(broken_at=F("due_at")), name="promise_broken_when_due"
            ),
            models.CheckConstraint(
                condition=Q(next_at__isnull=True) | Q(settled_at__isnull=True, broken_at__isnull=True),
                name="promise_next_only_owed",
            ),
            models.CheckConstraint(
                condition=Q(renewed_as__isnull=True) | Q(settled_as="renegotiated"), name="promise_renewed_is_settled"
            ),
        ]
        indexes = [
            models.Index(fields=["complaint", "due_at"], name="promise_of_complaint"),
            models.Index(fields=["next_at", "id"], name="promise_next", condition=Q(next_at__isnull=False)),
            models.Index(fields=["owner", "due_at"], name="promise_owed_by", condition=Q(settled_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.due_at}"
