"""The form of a customer."""

from __future__ import annotations

import dataclasses
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import languages
from core.web.fields import Line, Paragraphs
from core.web.once import OnceForm
from retention.actions.edit import Profile
from retention.models import ConsentPurpose, Customer
from retention.models.customers import CHANNELS, EMAIL, KINDS, PERSON, PHONE, POSTAL, SOCIAL, key_of

MOST = 10
ONE_A_LINE = gettext_lazy("one a line")
AGREED, REFUSED = "yes", "no"


class CustomerForm(OnceForm):
    """All that is known of a customer; several contacts stand one a line, the first is written to first.

    `version`: the one the form was made from. Consents are said per purpose; "nothing said" leaves them as they are.
    """

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    name = Line(label=gettext_lazy("Name"), required=False)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), widget=forms.RadioSelect, choices=KINDS, initial=PERSON)
    emails = Paragraphs(
        label=gettext_lazy("E-mail"),
        required=False,
        rows=2,
        help_text=gettext_lazy("one a line, the first is written to"),
    )
    phones = Paragraphs(label=gettext_lazy("Phone"), required=False, rows=2, help_text=ONE_A_LINE)
    socials = Paragraphs(label=gettext_lazy("Social media name"), required=False, rows=1, help_text=ONE_A_LINE)
    postals = Paragraphs(label=gettext_lazy("Postal address"), required=False, rows=1, help_text=ONE_A_LINE)
    preferred_channel = forms.ChoiceField(label=gettext_lazy("Preferred channel"), required=False)
    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False)
    tier = Line(label=gettext_lazy("Tier"), required=False, max_length=40)
    preferences = Paragraphs(
        label=gettext_lazy("What they like and dislike"),
        required=False,
        rows=3,
        max_length=2_000,
        help_text=gettext_lazy("what you heard, in your words: how they want to be spoken to, what matters to them"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(code, languages.own_name(code)) for code, _name in settings.LANGUAGES]
        self.fields["language"].choices = [("", _("not known")), *named]  # type: ignore[attr-defined]
        self.fields["preferred_channel"].choices = [("", _("not known")), *CHANNELS]  # type: ignore[attr-defined]
        words = [("", _("nothing said")), (AGREED, _("agreed")), (REFUSED, _("refused"))]
        for purpose, label in ConsentPurpose.choices:
            title = _("Consent: %(purpose)s") % {"purpose": label}
            self.fields[f"consent_{purpose}"] = forms.ChoiceField(label=title, required=False, choices=words)

    def clean_emails(self) -> tuple[str, ...]:
        found = _lines(self.cleaned_data["emails"])
        for one in found:
            try:
                validate_email(one)
            except ValidationError:
                raise ValidationError(
                    _("“%(value)s” is no e-mail address."), code="invalid", params={"value": one}
                ) from None
        return found

    def clean_phones(self) -> tuple[str, ...]:
        found = _lines(self.cleaned_data["phones"])
        for one in found:
            if len(key_of(PHONE, one)) < 3:
                raise ValidationError(_("“%(value)s” is no phone number."), code="invalid", params={"value": one})
        return found

    def clean_socials(self) -> tuple[str, ...]:
        return _lines(self.cleaned_data["socials"])

    def clean_postals(self) -> tuple[str, ...]:
        return _lines(self.cleaned_data["postals"])

    def profile(self) -> Profile:
        """What was sent; a form sent without a field leaves that thing as it is."""
        names = [field.name for field in dataclasses.fields(Profile)]
        return Profile(**{name: self.cleaned_data[name] for name in names if name in self.data and name in self.fields})

    def consents(self) -> list[tuple[str, bool]]:
        """(purpose, agreed) for every purpose something was said about."""
        said = [(purpose, self.cleaned_data.get(f"consent_{purpose}", "")) for purpose in ConsentPurpose.values]
        return [(purpose, word == AGREED) for purpose, word in said if word]


def initial(customer: Customer) -> dict[str, Any]:
    """The form's values for a customer whose contacts are loaded."""
    points = list(customer.contact_points.all())
    return {
        "name": customer.name,
        "kind": customer.kind,
        "language": customer.language,
        "tier": customer.tier,
        "emails": "\n".join(one.value for one in points if one.kind == EMAIL),
        "phones": "\n".join(one.value for one in points if one.kind == PHONE),
        "socials": "\n".join(one.value for one in points if one.kind == SOCIAL),
        "postals": "\n".join(one.value for one in points if one.kind == POSTAL),
        "preferred_channel": customer.preferred_channel,
        "preferences": customer.preferences,
        "version": customer.version,
        **{f"consent_{one.purpose}": AGREED if one.given else REFUSED for one in customer.consents.all()},
    }


def _lines(text: str) -> tuple[str, ...]:
    found = tuple(line.strip() for line in text.splitlines() if line.strip())
    if len(found) > MOST or any(len(one) > 254 for one in found):
        raise ValidationError(_("At most %(n)s, each on a line of its own."), code="too_many", params={"n": MOST})
    return found
