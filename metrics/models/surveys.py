"""Surveys: what is asked, who was asked, what they answered (mission B1, B2; domain, Figures: nps, csat)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from metrics import nps

if TYPE_CHECKING:
    from core.models import User


class SurveyKind(models.TextChoices):
    NPS = "nps", _("Recommendation (NPS)")
    CSAT = "csat", _("Satisfaction (CSAT)")
    CES = "ces", _("Effort (CES)")


LOWEST = {SurveyKind.NPS: 0, SurveyKind.CSAT: 1, SurveyKind.CES: 1}
HIGHEST = {SurveyKind.NPS: 10, SurveyKind.CSAT: 5, SurveyKind.CES: 7}
UNHAPPY = {SurveyKind.NPS: nps.HIGHEST_DETRACTOR, SurveyKind.CSAT: 2, SurveyKind.CES: 3}  # at most this
HAPPY = {SurveyKind.NPS: nps.LOWEST_PROMOTER, SurveyKind.CSAT: 4, SurveyKind.CES: 6}  # at least this
CALLED_ABOUT = (SurveyKind.NPS, SurveyKind.CSAT)  # an unhappy answer of these makes somebody call (domain, Terms)
LOW, MIDDLE, HIGH = "low", "middle", "high"


def band(kind: str, score: int) -> str:
    """How happy a score is: LOW, MIDDLE or HIGH. One answer for the prompt, the customer's page and the recovery."""
    own = SurveyKind(kind)
    if score <= UNHAPPY[own]:
        return LOW
    return HIGH if score >= HAPPY[own] else MIDDLE


class SurveySettings(models.Model):
    """What holds for all surveys together: exactly one row (pk 1), made by a migration.

    `contact_cap_days`: nobody is asked twice within so many days, whatever the survey. `follow_up_working_days`: by
    when an unhappy answer is called about.
    """

    contact_cap_days = models.PositiveIntegerField(_("days between two surveys to the same person"), default=30)
    follow_up_working_days = models.PositiveIntegerField(_("working days until the call"), default=2)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="surveysettings_single_row")]

    def __str__(self) -> str:
        return "survey settings"


class Survey(models.Model):
    """One survey: a question with its scale, asked after a complaint was resolved, or only when somebody sends it.

    `delay_seconds`: working time between the resolution and the mail. `expires_days`: how long the link answers.
    `share_percent`: of those who could be asked, how many are (1-100).
    """

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=4, choices=SurveyKind.choices)
    is_active = models.BooleanField(_("active"), default=True)
    after_resolution = models.BooleanField(_("asked after a complaint was resolved"), default=True)
    delay_seconds = models.PositiveIntegerField(_("wait, in working time"), default=4 * 3600)
    expires_days = models.PositiveIntegerField(_("days the link is open"), default=30)
    share_percent = models.PositiveSmallIntegerField(_("share asked, per cent"), default=100)

    class Meta:
        ordering = ["code"]
        verbose_name = _("survey")
        verbose_name_plural = _("surveys")
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=SurveyKind.values), name="survey_kind_known"),
            models.CheckConstraint(condition=Q(share_percent__range=(1, 100)), name="survey_share_is_a_share"),
        ]

    def __str__(self) -> str:
        return self.name


class SurveyVersion(models.Model):
    """The words of a survey as published, never edited in place; the highest number is in force.

    `texts`: {"en": {"question", "low", "high", "prompt_low", "prompt_middle", "prompt_high", "thanks"}, "es": ...};
    low and high name the ends of the scale, the prompts ask for the comment after a low, middling or high score.
    """

    survey = models.ForeignKey(Survey, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    texts = models.JSONField()
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["survey", "number"]
        constraints = [models.UniqueConstraint(fields=["survey", "number"], name="surveyversion_once")]

    def __str__(self) -> str:
        return f"{self.survey_id} v{self.number}"


class Suppression(models.TextChoices):
    """Why somebody who could have been asked was not."""

    CONTACT_CAP = "contact_cap", _("Asked not long ago")
    NO_CONSENT = "no_consent", _("Does not want surveys")
    NO_ADDRESS = "no_address", _("No e-mail address")
    NOT_DRAWN = "not_drawn", _("Not drawn")
    REOPENED = "reopened", _("Complaint open again")


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def visible_to(self, user: User) -> InvitationQuerySet:
        """As the answers they ask for: about a complaint as its case, the others for managers only."""
        from complaints.models import Complaint  # the floor below

        if user.is_manager:
            return self
        if not user.sees_cases:
            return self.none()
        return self.filter(complaint__in=Complaint.objects.visible_to(user))


class Invitation(models.Model):
    """Somebody is asked, once per survey and complaint. `key`: random, in the signed link; `due_at`: when mail goes.

    `suppressed`: why it never went. A suppressed invitation counts as not asked.
    """

    version = models.ForeignKey(SurveyVersion, models.PROTECT, related_name="invitations")
    survey = models.ForeignKey(Survey, models.PROTECT, related_name="invitations", db_index=False)
    complaint = models.ForeignKey(
        "complaints.Complaint", models.PROTECT, null=True, blank=True, related_name="invitations"
    )
    customer = models.ForeignKey("retention.Customer", models.PROTECT, null=True, related_name="invitations")
    key = models.CharField(max_length=32, unique=True)
    language = models.CharField(max_length=8)
    recipient = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    suppressed = models.CharField(max_length=12, blank=True, choices=Suppression.choices)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["survey", "complaint"], name="invitation_once", condition=Q(complaint__isnull=False)
            ),
            models.CheckConstraint(condition=Q(sent_at__isnull=True) | Q(suppressed=""), name="invitation_one_fate"),
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"], name="invitation_due", condition=Q(sent_at__isnull=True, suppressed="")
            ),
            models.Index(fields=["sent_at", "survey"], name="invitation_sent", condition=Q(sent_at__isnull=False)),
            models.Index(
                fields=["customer", "sent_at"], name="invitation_of_customer", condition=Q(sent_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"invitation {self.pk}"


class SurveyResponseQuerySet(models.QuerySet["SurveyResponse"]):
    def visible_to(self, user: User) -> SurveyResponseQuerySet:
        """Answers about a complaint as its case; the others for managers only (domain, Roles and visibility)."""
        from complaints.models import Complaint  # the floor below

        if user.is_manager:
            return self
        if not user.sees_cases:
            return self.none()
        return self.filter(complaint__in=Complaint.objects.visible_to(user))


class SurveyResponse(models.Model):
    """One answer. `score` null: returned blank, which is no answer; `answered_at` null: an imported one without a date.

    `period_label`, `segment`: what an import states about when and who, where there is no date and no customer.
    `may_call`: the customer agreed to be called about it. Answering again replaces the answer; the trail keeps the
    earlier one. `kind` repeats the survey's, so that figures read one table.
    """

    kind = models.CharField(max_length=4, choices=SurveyKind.choices)
    survey = models.ForeignKey(Survey, models.PROTECT, null=True, blank=True, related_name="responses", db_index=False)
    invitation = models.OneToOneField(Invitation, models.PROTECT, null=True, blank=True, related_name="response")
    complaint = models.ForeignKey(
        "complaints.Complaint", models.PROTECT, null=True, blank=True, related_name="survey_responses"
    )
    customer = models.ForeignKey(
        "retention.Customer", models.PROTECT, null=True, blank=True, related_name="survey_responses"
    )
    score = models.SmallIntegerField(_("score"), null=True, blank=True)
    comment = models.TextField(_("comment"), blank=True)
    may_call = models.BooleanField(default=False)
    language = models.CharField(max_length=8, blank=True)
    channel = models.CharField(max_length=12, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    period_label = models.CharField(max_length=40, blank=True)
    segment = models.CharField(max_length=40, blank=True)
    source = models.CharField(max_length=40, blank=True)
    external_id = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(db_index=True)
    version = models.PositiveIntegerField(default=1)

    objects = SurveyResponseQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("survey response")
        verbose_name_plural = _("survey responses")
        constraints = [
            models.UniqueConstraint(
                fields=["source", "external_id"], name="surveyresponse_external_id_once", condition=~Q(external_id="")
            ),
            models.CheckConstraint(condition=Q(kind__in=SurveyKind.values), name="surveyresponse_kind_known"),
            models.CheckConstraint(
                condition=Q(score__isnull=True)
                | Q(kind="nps", score__range=(0, 10))
                | Q(kind="csat", score__range=(1, 5))
                | Q(kind="ces", score__range=(1, 7)),
                name="surveyresponse_score_on_scale",
            ),
        ]
        indexes = [
            models.Index(
                fields=["kind", "answered_at"],
                name="surveyresponse_figures",
                include=["score", "complaint", "customer", "source", "survey", "period_label"],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.score}"

    @property
    def score_of(self) -> str:
        """The score on its scale, "9 of 10"; empty for a blank answer."""
        if self.score is None:
            return ""
        return gettext("%(score)s of %(most)s") % {"score": self.score, "most": HIGHEST[SurveyKind(self.kind)]}
