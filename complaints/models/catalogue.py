"""What complaints are sorted by: channels, types, root causes, routing rules. Administered in the browser (mission
A1-A4)."""

from __future__ import annotations

from zlib import crc32

from django.db import models
from django.db.models import Q
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

UNCLASSIFIED = "unclassified"


class ChannelCode(models.TextChoices):
    """How a complaint reached us. Codes are part of the API (interface.md)."""

    PHONE = "phone", _("Phone")
    EMAIL = "email", _("E-mail")
    CHAT = "chat", _("Chat")
    SOCIAL = "social", _("Social media")
    WEB = "web", _("Web form")
    LETTER = "letter", _("Letter")
    IN_PERSON = "in_person", _("In person")
    API = "api", _("API")


LIVE_CHANNELS = frozenset({ChannelCode.PHONE, ChannelCode.IN_PERSON, ChannelCode.CHAT})  # taken by a person at once
# Where our words reach the customer without a mail or the status page: they were said there.
SAID_THERE = (
    ChannelCode.PHONE,
    ChannelCode.CHAT,
    ChannelCode.SOCIAL,
    ChannelCode.LETTER,
    ChannelCode.IN_PERSON,
    ChannelCode.API,
)


class Severity(models.TextChoices):
    MINOR = "minor", _("Minor")
    MODERATE = "moderate", _("Moderate")
    SERIOUS = "serious", _("Serious")
    CRITICAL = "critical", _("Critical")


class Named(models.Model):
    """Something with a code and a name in our five languages: `names` maps a language to its name."""

    code = models.SlugField(_("code"), max_length=80, unique=True)
    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=160)
    names = models.JSONField(_("translated names"), default=dict, blank=True)
    position = models.PositiveIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        abstract = True
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The name in the language of the moment, else the plain name."""
        return self.names.get((get_language() or "")[:2]) or self.name


class Channel(models.Model):
    """Settings of one channel: whether it is offered for intake, and its severity by default."""

    code = models.CharField(max_length=12, primary_key=True, choices=ChannelCode.choices)
    is_active = models.BooleanField(_("in use"), default=True)
    default_severity = models.CharField(
        _("severity to begin with"), max_length=8, choices=Severity.choices, default=Severity.MODERATE
    )
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position"]
        verbose_name = _("channel")
        verbose_name_plural = _("channels")

    def __str__(self) -> str:
        return str(self.get_code_display())

    @property
    def trail_id(self) -> int:
        """The channel's number on the trail, where subjects are numbers: it follows from the code alone."""
        return crc32(self.code.encode())


class ComplaintType(Named):
    """What a complaint is about, two levels deep. `public_*` is how the public form asks for it, per language."""

    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("above it")
    )
    is_public = models.BooleanField(_("offered on the public form"), default=False)
    public_names = models.JSONField(_("public names"), default=dict, blank=True)
    public_hints = models.JSONField(_("public hints"), default=dict, blank=True)

    class Meta(Named.Meta):
        verbose_name = _("complaint type")
        verbose_name_plural = _("complaint types")

    @property
    def path(self) -> str:
        """`Billing › Overcharged`. Query cost: none when `parent` is loaded."""
        return f"{self.parent.label} › {self.label}" if self.parent else self.label

    @property
    def public_label(self) -> str:
        language = (get_language() or "")[:2]
        return self.public_names.get(language) or self.public_names.get("en") or self.label

    @property
    def public_hint(self) -> str:
        language = (get_language() or "")[:2]
        return self.public_hints.get(language) or self.public_hints.get("en") or ""


class RootCause(Named):
    """Why it happened, two levels deep. `unclassified` is none: nothing can be resolved with it (domain, Complaint
    7)."""

    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("above it")
    )

    class Meta(Named.Meta):
        verbose_name = _("root cause")
        verbose_name_plural = _("root causes")

    @property
    def path(self) -> str:
        return f"{self.parent.label} › {self.label}" if self.parent else self.label


class RoutingRule(models.Model):
    """An ordered rule: the first whose conditions match names the team (domain, Complaint 2). Blank matches
    anything."""

    position = models.PositiveIntegerField(_("position"), default=0)
    type = models.ForeignKey(
        ComplaintType, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("type")
    )
    channel = models.CharField(_("channel"), max_length=12, blank=True, choices=ChannelCode.choices)
    language = models.CharField(_("language"), max_length=8, blank=True)
    severity = models.CharField(_("severity"), max_length=8, blank=True, choices=Severity.choices)
    team = models.ForeignKey("core.Team", models.PROTECT, related_name="routing_rules", verbose_name=_("team"))
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = _("routing rule")
        verbose_name_plural = _("routing rules")

    def __str__(self) -> str:
        return f"{self.position} -> {self.team_id}"


class Workload(models.Model):
    """How many open complaints an agent owns. A cache of a count, kept by the actions, so that routing needs no
    counting.

    `manage.py doctor` compares it with the truth; `complaints.routing.recount()` mends it.
    """

    agent = models.OneToOneField("core.User", models.CASCADE, primary_key=True, related_name="workload")
    open_count = models.IntegerField(default=0)
    last_assigned_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(open_count__gte=0), name="workload_not_negative")]

    def __str__(self) -> str:
        return f"{self.agent_id}: {self.open_count}"
