"""The organisation that uses this installation: one row."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class OnDecline(models.TextChoices):
    """What happens by itself when a complainant does not accept the decision."""

    TELL = "tell", _("The owner is told")
    ESCALATE = "escalate", _("It is escalated above the owner")
    REOPEN = "reopen", _("The complaint is opened again")


class Organisation(models.Model):
    """Name, default owner and public texts. Exactly one row (pk 1), made by a migration.

    `on_decline`: holds when the complainant says so themselves; what an agent writes down leaves the rest to the agent.
    """

    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=120, default="Amends")
    default_owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("default owner"),
    )
    contact_line = models.CharField(_("contact line on public pages"), max_length=200, blank=True)
    privacy_url = models.URLField(_("privacy notice"), blank=True)
    on_decline = models.CharField(
        _("when a complainant does not accept"), max_length=8, choices=OnDecline.choices, default=OnDecline.ESCALATE
    )
    referral_text = models.TextField(_("where else to turn"), blank=True)

    class Meta:
        verbose_name = _("organisation")
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="organisation_single_row")]

    def __str__(self) -> str:
        return self.name
