"""What the desk keeps for one person: what is being typed, and what they should know."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Draft(models.Model):
    """A text somebody has not sent yet; the same on every device of theirs (ux, Agent's desk 4).

    `place` says where it belongs ("reply:AM-4F7K-2M9Q", "note:...", "intake"); `fields` what else was chosen beside the
    text. `revision` counts the saves: a device that did not see the last one must not overwrite it silently.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="drafts")
    place = models.CharField(max_length=80)
    body = models.TextField(blank=True)
    fields = models.JSONField(default=dict)
    revision = models.PositiveIntegerField(default=1)
    device = models.CharField(max_length=40, blank=True)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "place"], name="draft_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.place}"


class Presence(models.Model):
    """Somebody looks at something now, or writes there (ux, Agent's desk 5). Old rows mean nothing and are swept."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    place = models.CharField(max_length=80)
    seen_at = models.DateTimeField()
    wrote_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["place", "user"], name="presence_once")]
        indexes = [models.Index(fields=["seen_at"], name="presence_seen")]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.place}"


class NotificationEvent(models.TextChoices):
    """What somebody may want to hear about."""

    MENTIONED = "mentioned", _("Somebody mentions me in a note")
    ASSIGNED = "assigned", _("A complaint becomes mine")
    HAND_OVER = "hand_over", _("Somebody offers me a complaint, or answers my offer")
    ANSWERED = "answered", _("A customer writes")
    ESCALATED = "escalated", _("A complaint is escalated to me")
    DEADLINE = "deadline", _("A deadline comes near or is missed")
    FOLLOWED = "followed", _("Something happens in a complaint I follow")
    WOKEN = "woken", _("A snoozed complaint comes back")
    PLAYBOOK = "playbook", _("A playbook or article has a new version")
    INCIDENT = "incident", _("An incident I look after changes")
    SEND_LATER = "send_later", _("A message I wanted sent later was held back")
    PROMISE = "promise", _("A promise of mine comes near or is broken")
    APPROVAL = "approval", _("A remedy waits for my approval, or mine was decided")
    LEARNING = "learning", _("A corrective action is mine, is overdue or can be measured")
    WEBHOOK = "webhook", _("A webhook was disabled because nothing could be delivered")


class Notification(models.Model):
    """One thing one person should know. `key` makes it exist once; shown in the inbox until read, then kept a while.

    `words` are what the sentence needs (names, reference, subject); it is worded when it is shown, in the reader's
    language. `url` is where it leads, of ours. `subject_*` as on the trail.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notifications")
    key = models.CharField(max_length=120)
    event = models.CharField(max_length=12, choices=NotificationEvent.choices)
    words = models.JSONField(default=dict)
    url = models.CharField(max_length=300, blank=True)
    subject_kind = models.CharField(max_length=24, blank=True)
    subject_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    in_inbox = models.BooleanField(default=True)  # False: wanted by mail only; read from the start
    read_at = models.DateTimeField(null=True)
    mail_due_at = models.DateTimeField(null=True)  # in the next bundle after this instant; NULL: not by mail, or sent

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="notification_once")]
        indexes = [
            models.Index(fields=["user", "-at", "-id"], name="notification_of_user"),
            models.Index(fields=["user"], name="notification_unread", condition=Q(read_at__isnull=True)),
            models.Index(fields=["mail_due_at"], name="notification_mail_due", condition=Q(mail_due_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.key


class NotificationMail(models.TextChoices):
    """How soon an event also comes by mail."""

    AT_ONCE = "at_once", _("at once")
    BUNDLED = "bundled", _("together, once an hour")
    DAILY = "daily", _("together, each morning")
    NEVER = "never", _("not by mail")


class NotificationChoice(models.Model):
    """What somebody chose for one event; without a row the event's default holds (core.notify)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notification_choices")
    event = models.CharField(max_length=12, choices=NotificationEvent.choices)
    inbox = models.BooleanField(default=True)
    mail = models.CharField(max_length=10, choices=NotificationMail.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "event"], name="notification_choice_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.event}"
