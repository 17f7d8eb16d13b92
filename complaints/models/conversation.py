"""What was said: messages with the complainant and notes among ourselves."""

from django.conf import settings
from django.db import models
from django.db.models import Q
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
    macro = models.ForeignKey("complaints.MacroVersion", models.SET_NULL, null=True, related_name="+", db_index=False)
    word_for_word = models.BooleanField(null=True)  # of a macro's text sent as it was; NULL: no macro

    class Meta:
        ordering = ["at", "pk"]
        indexes = [
            models.Index(  # uses of macros, counted without touching the table
                fields=["at"],
                name="message_macro",
                condition=Q(macro__isnull=False),
                include=["macro", "word_for_word", "author", "complaint"],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.direction} {self.at}"


class Note(models.Model):
    """An internal note, never sent. `mentions`: who is named in it, as [first, behind, "user" or "team", primary key]
    of the characters of `body`, in order; people named otherwise (by the API) stand at the end with 0, 0."""

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    body = models.TextField()
    mentions = models.JSONField(default=list)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["created_at", "pk"]

    def __str__(self) -> str:
        return f"{self.complaint_id} note {self.created_at}"


class ActKind(models.TextChoices):
    """What a message does beside saying something (mission A8, A12)."""

    THANKS = "thanks", _("Thanks")
    APOLOGY = "apology", _("Apology")
    REFUSAL = "refusal", _("Frank refusal")


class Act(models.Model):
    """A thank-you, an apology, or "we cannot, because ..., instead ..." given with a message."""

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="acts")
    message = models.ForeignKey(Message, models.CASCADE, related_name="acts")
    kind = models.CharField(max_length=8, choices=ActKind.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    cannot = models.TextField(blank=True)
    because = models.TextField(blank=True)
    instead = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["message", "kind"], name="act_once")]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.kind}"


class PendingState(models.TextChoices):
    WAITING = "waiting", _("to be sent")
    SENT = "sent", _("sent")
    CANCELLED = "cancelled", _("taken back")
    HELD = "held", _("held back")  # the customer wrote meanwhile, or the case ended


class Pending(models.Model):
    """A message written but not sent yet: for the seconds in which it can be taken back, or until a chosen time.

    `content` is what `converse.message` takes beside body (acts, texts, macro); `due_at` when it goes (UTC), and the
    instant its message will bear. `take_back`: it waits only for those seconds. Leaves the case untouched until sent.
    """

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="messages_pending")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    actor_label = models.CharField(max_length=120, blank=True)
    body = models.TextField()
    content = models.JSONField(default=dict)
    take_back = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=PendingState.choices, default=PendingState.WAITING)
    settled_at = models.DateTimeField(null=True)
    code = models.CharField(max_length=40, blank=True)  # why it was held back
    message = models.ForeignKey(Message, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["due_at", "pk"]
        indexes = [
            models.Index(fields=["due_at", "id"], name="pending_due", condition=Q(state="waiting")),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.state} {self.due_at}"


class Attachment(models.Model):
    """A file of a case. Its bytes lie in the storage under `stored`; equal bytes once (`sha256`).

    `token`: unguessable, part of its address. Belongs to a message, a note or the narrative (neither); until the text
    it comes with is sent it belongs to a draft of `uploaded_by` (`draft`) and is swept when forgotten.
    `content_type` was found by looking at the bytes, never taken from whoever sent it.
    """

    complaint = models.ForeignKey(Complaint, models.CASCADE, null=True, related_name="attachments")
    message = models.ForeignKey(Message, models.CASCADE, null=True, related_name="attachments")
    note = models.ForeignKey(Note, models.CASCADE, null=True, related_name="attachments")
    token = models.CharField(max_length=43, unique=True)
    name = models.CharField(max_length=160)
    content_type = models.CharField(max_length=80)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    stored = models.CharField(max_length=120)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    draft = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["sha256"], name="attachment_sha256"),
            models.Index(fields=["created_at"], name="attachment_draft", condition=~Q(draft="")),
        ]

    def __str__(self) -> str:
        return self.name
