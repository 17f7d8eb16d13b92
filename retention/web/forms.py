"""The form of a customer."""

from __future__ import annotations

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
from retention.models import Customer
from retention.models.customers import EMAIL, KINDS, PERSON, PHONE, key_of

MOST = 10


class CustomerForm(OnceForm):
    """Name, language, tier and how to reach them; several contacts, one a line, the first is written to first."""

    name = Line(label=gettext_lazy("Name"), required=False)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), widget=forms.RadioSelect, choices=KINDS, initial=PERSON)
    emails = Paragraphs(
        label=gettext_lazy("E-mail"),
        required=False,
        rows=2,
        help_text=gettext_lazy("one a line, the first is written to"),
    )
    phones = Paragraphs(label=gettext_lazy("Phone"), required=False, rows=2, help_text=gettext_lazy("one a line"))
    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False)
    tier = Line(label=gettext_lazy("Tier"), required=False, max_length=40)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(code, languages.own_name(code)) for code, _name in settings.LANGUAGES]
        self.fields["language"].choices = [("", _("not known")), *named]  # type: ignore[attr-defined]

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

    def profile(self) -> Profile:
        data = {name: value for name, value in self.cleaned_data.items() if name != "nonce"}
        return Profile(**data)


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
    }


def _lines(text: str) -> tuple[str, ...]:
    found = tuple(line.strip() for line in text.splitlines() if line.strip())
    if len(found) > MOST or any(len(one) > 254 for one in found):
        raise ValidationError(_("At most %(n)s, each on a line of its own."), code="too_many", params={"n": MOST})
    return found
