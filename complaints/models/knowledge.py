"""How a complaint is handled, written down: playbooks per type and articles, versioned (mission A6, D1)."""

from django.conf import settings
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Coalesce
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from complaints.models.catalogue import ComplaintType
from complaints.models.complaint import Complaint


class Playbook(models.Model):
    """The procedure for a type of complaint (and the types below it that have none of their own).

    `type` blank: what holds for every complaint without a playbook of its own. `names`: the name by language. `version`
    counts its changes, those of its draft too (not the published versions).
    """

    type = models.OneToOneField(
        ComplaintType, models.PROTECT, null=True, blank=True, related_name="playbook", verbose_name=_("type")
    )
    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=120)
    names = models.JSONField(_("translated names"), default=dict, blank=True)
    is_active = models.BooleanField(_("in use"), default=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = _("playbook")
        constraints = [models.UniqueConstraint(Coalesce("type", Value(0)), name="playbook_one_per_type")]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The name in the language of the moment, else the plain name."""
        return self.names.get((get_language() or "")[:2]) or self.name


class PlaybookVersion(models.Model):
    """The steps as they were from one publication to the next; a draft has no `published_at`; never edited after.

    `steps`: `[{"key": "a1", "title": {"en": ...}, "text": {...}, "who": "agent"|"lead"|"manager"|free words,
    "links": [{"title": ..., "url": ...}], "article": key or null, "required": bool}]`.
    `customer_part`: {"en": "what happens with such a complaint", ...}, which can be sent to the customer.
    `blocks_resolving`: no such complaint is resolved while a required step is open. `what_changed`: a line for those
    who must confirm.
    """

    playbook = models.ForeignKey(Playbook, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    steps = models.JSONField(default=list)
    customer_part = models.JSONField(default=dict)
    blocks_resolving = models.BooleanField(default=False)
    what_changed = models.TextField(blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["playbook", "number"], name="playbook_version_once"),
            models.UniqueConstraint(
                fields=["playbook"], name="playbook_one_draft", condition=Q(published_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.playbook_id} version {self.number}"


class StepDone(models.Model):
    """A step of the playbook was done in a case; `skipped` with a reason when it did not apply."""

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="steps_done")
    version = models.ForeignKey(PlaybookVersion, models.PROTECT, related_name="+")
    key = models.CharField(max_length=24)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    skipped = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["complaint", "key"], name="step_done_once")]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.key}"


class ArticleKind(models.TextChoices):
    POLICY = "policy", _("Policy")
    PROCEDURE = "procedure", _("Procedure")
    PRODUCT_UPDATE = "product_update", _("Product update")
    ANSWER = "answer", _("Answer to a question")


class Article(models.Model):
    """Something to know: found from within the case by its types and words. Its text is in its newest version.

    `must_confirm`: everybody who takes cases confirms having read each new version.
    """

    kind = models.CharField(max_length=16, choices=ArticleKind.choices)
    types = models.ManyToManyField(ComplaintType, blank=True, related_name="articles")
    url = models.URLField(blank=True, max_length=300)
    must_confirm = models.BooleanField(default=False)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["pk"]
        verbose_name = _("article")

    def __str__(self) -> str:
        return f"article {self.pk}"


class ArticleVersion(models.Model):
    """Title and body of an article, per language; a draft has no `published_at`; never edited after.

    `words`: title and body of all languages, folded, for finding it.
    """

    article = models.ForeignKey(Article, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    titles = models.JSONField(default=dict)
    bodies = models.JSONField(default=dict)
    words = models.TextField(blank=True)
    what_changed = models.TextField(blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["article", "number"], name="article_version_once"),
            models.UniqueConstraint(
                fields=["article"], name="article_one_draft", condition=Q(published_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.article_id} version {self.number}"


class Reading(models.Model):
    """Somebody confirms having read a version: of a playbook or of an article, exactly one of the two."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="readings")
    playbook_version = models.ForeignKey(PlaybookVersion, models.CASCADE, null=True, related_name="readings")
    article_version = models.ForeignKey(ArticleVersion, models.CASCADE, null=True, related_name="readings")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(playbook_version__isnull=True) ^ Q(article_version__isnull=True), name="reading_of_one"
            ),
            models.UniqueConstraint(fields=["user", "playbook_version"], name="reading_playbook_once"),
            models.UniqueConstraint(fields=["user", "article_version"], name="reading_article_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} read {self.playbook_version_id or self.article_version_id}"
