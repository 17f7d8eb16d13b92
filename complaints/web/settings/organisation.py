"""The organisation: its name, who owns what nobody else can take, and what public pages say (domain, Complaint 2)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import URLValidator
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from complaints.actions import rules as actions
from complaints.web.settings import choices
from complaints.web.settings.editing import SettingsForm, carry_out
from complaints.web.settings.frame import show
from core.access import ADMIN, allow
from core.models import Organisation, User
from core.models.organisation import OnDecline
from core.web.fields import Line, Paragraphs

HERE = "settings_organisation"


class OrganisationForm(SettingsForm):
    name = Line(
        label=pgettext_lazy("of a thing", "Name"), max_length=120, help_text=gettext_lazy("as complainants know it")
    )
    default_owner = forms.ChoiceField(
        label=gettext_lazy("Default owner"),
        required=False,
        help_text=gettext_lazy("owns what no rule, member or lead can take; no complaint is ever without an owner"),
    )
    contact_line = Line(
        label=gettext_lazy("Contact line on public pages"), required=False,
        help_text=gettext_lazy("such as: by phone on 800 123 456, weekdays 09:00 to 18:00"),
    )  # fmt: skip
    privacy_url = forms.URLField(
        label=gettext_lazy("Address of the privacy notice"), required=False, max_length=200, assume_scheme="https",
        validators=[URLValidator(schemes=["http", "https"])],
    )  # fmt: skip
    on_decline = forms.ChoiceField(
        label=gettext_lazy("When a complainant does not accept the decision"),
        choices=OnDecline.choices,
        help_text=gettext_lazy(
            "where they say so themselves; the owner is told in any case. Complaints closed more than thirty days ago "
            "stay closed"
        ),
    )
    referral_text = Paragraphs(
        label=gettext_lazy("Where else to turn"), required=False, max_length=4000,
        help_text=gettext_lazy("an ombudsman or another body outside the house"),
    )  # fmt: skip

    def build(self) -> None:
        row: Any = self.row
        nobody = _("nobody: the first manager")
        kept = row.default_owner_id if row else None
        self.fields["default_owner"].choices = choices.people(blank=nobody, keep=kept)  # type: ignore[attr-defined]

    def start(self, row: Any) -> dict[str, Any]:
        return {**super().start(row), "default_owner": str(row.default_owner_id or "")}

    @property
    def values(self) -> dict[str, Any]:
        given = dict(super().values)
        given["default_owner"] = User.objects.get(pk=given["default_owner"]) if given["default_owner"] else None
        return given


@allow(ADMIN)
def organisation(request: HttpRequest) -> HttpResponse:
    """Change the organisation's one row."""
    one = Organisation.objects.get(pk=1)
    form = OrganisationForm(request.POST if request.method == "POST" else None, row=one)

    def run(**who: Any) -> Organisation:
        return actions.change_organisation(form.values, **who)

    if request.method == "POST" and (answer := carry_out(request, form, run, done=_("Saved"), go=reverse(HERE))):
        return answer
    return show(request, "settings/form.html", HERE, {"form": form}, status=form.http_status)
