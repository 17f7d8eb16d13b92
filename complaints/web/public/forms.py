"""The questions of the public form, one form each, and the fields they are made of (ux, Public pages)."""

from __future__ import annotations

import unicodedata
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from complaints.models import ComplaintType
from complaints.reference import catalogue
from complaints.web.one.file_field import FilesField
from core import languages

LONG, SHORT, LINE = 20_000, 2_000, 80
NOT_SURE = "not-sure"


class Words(forms.CharField):
    """Somebody's own words, verbatim: composed (NFC), line ends as one character, blanks around it gone."""

    voice = True  # set in the customer's hand (templates/_field.html)

    def __init__(self, *, rows: int = 5, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": rows}), **kwargs)

    def to_python(self, value: Any) -> str:
        text = str(value or "").replace("\r\n", "\n").replace("\r", "\n")
        return str(super().to_python(unicodedata.normalize("NFC", text)))


class Line(forms.CharField):
    """One line of text: composed (NFC), line breaks and tabs become blanks."""

    def to_python(self, value: Any) -> str:
        text = str(value or "").translate({9: " ", 10: " ", 13: " "})
        return str(super().to_python(unicodedata.normalize("NFC", text)))


class Step(forms.Form):
    """A page of the form. `number`: which question; `question`: the field that is the page's heading, if any."""

    key: ClassVar[str]
    number: ClassVar[int]
    title: ClassVar[Any]
    lead: ClassVar[Any] = ""
    question: ClassVar[str] = ""
    use_required_attribute = False

    def asks_nothing(self) -> bool:
        """The page is left out: there is nothing to choose from."""
        return False


class What(Step):
    key, number = "what", 1
    title = _("What happened?")

    description = Words(
        label=_("In your own words"),
        help_text=_("As short or as long as you like. Leave out card numbers and passwords."),
        max_length=LONG,
        rows=8,
        error_messages={"required": _("Tell us what happened, in a few words")},
    )
    attachments = FilesField(
        label=_("Photos and files"),
        help_text=_("Pictures of the goods, a bill, a letter: whatever helps us to understand."),
        door="complain_files",
        ours=False,
    )


class About(Step):
    key, number, question = "about", 2, "type"
    title = _("What is it about?")
    lead = _("Choose the nearest. We can change it later, and nothing depends on getting it right.")

    type = forms.ChoiceField(
        label=_("What is it about?"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose the nearest answer"),
            "invalid_choice": _("Choose the nearest answer"),
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self.fields["type"], public_types())

    def asks_nothing(self) -> bool:
        return not self.fields["type"].choices  # type: ignore[attr-defined]


class Nearer(Step):
    key, number, question = "nearer", 2, "subtype"
    title = _("Can you say it more exactly?")
    lead = _("Only if one of these fits.")

    subtype = forms.ChoiceField(label=_("Can you say it more exactly?"), widget=forms.RadioSelect, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        parent = catalogue().types.get(str(self.data.get("type") or self.initial.get("type") or ""))
        found = public_types(parent) if parent is not None else []
        _offer(self.fields["subtype"], found)
        if found:
            self.fields["subtype"].choices += [(NOT_SURE, _("None of these, or I am not sure"))]  # type: ignore[attr-defined]

    def asks_nothing(self) -> bool:
        return not self.fields["subtype"].choices  # type: ignore[attr-defined]

    def clean_subtype(self) -> str:
        return "" if self.cleaned_data["subtype"] == NOT_SURE else str(self.cleaned_data["subtype"])


class Right(Step):
    key, number = "right", 3
    title = _("What would put it right?")
    lead = _("You may leave out any of this.")

    remedy_sought = Words(label=_("What we should do now"), required=False, max_length=SHORT, rows=3)
    expectation = Words(label=_("What you had expected"), required=False, max_length=SHORT, rows=3)
    order_number = Line(
        label=_("Order or bill number"),
        help_text=_("If you have it at hand."),
        required=False,
        max_length=LINE,
    )


class Reach(Step):
    key, number = "reach", 4
    title = _("How can we reach you?")
    lead = _(
        "You need not tell us who you are. Without an e-mail address you follow your complaint with a private link."
    )

    name = Line(
        label=_("Your name"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=_("E-mail"),
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"invalid": _("Write an e-mail address such as name@example.com")},
    )
    phone = Line(
        label=_("Phone"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
    )
    language = forms.ChoiceField(label=_("In which language do we answer?"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [(code, languages.own_name(code)) for code, _name in settings.LANGUAGES]
        self.fields["language"].choices = known  # type: ignore[attr-defined]

    def clean_phone(self) -> str:
        phone = str(self.cleaned_data["phone"])
        if phone and not any(character.isdigit() for character in phone):
            raise forms.ValidationError(_("Write a phone number with digits, or leave it empty"))
        return phone


class Answer(forms.Form):
    """The reply box of the status page."""

    use_required_attribute = False

    body = Words(
        label=_("Write to us"),
        max_length=LONG,
        rows=4,
        error_messages={"required": _("Write something first")},
    )
    attachments = FilesField(label=_("Photos and files"), door="complain_files", ours=False)

    def __init__(self, *args: Any, door: str, **kwargs: Any) -> None:
        """`door`: where a script sends single files."""
        super().__init__(*args, **kwargs)
        self.fields["attachments"].widget.url = door

    def clean(self) -> dict[str, Any]:
        """A photo needs no words."""
        told: dict[str, Any] = super().clean() or {}
        if told.get("attachments") and self.has_error("body", code="required"):
            del self.errors["body"]
            told["body"] = ""
        return told


class Verdict(forms.Form):
    """Does the complainant accept the decision? The comment may be left out."""

    use_required_attribute = False

    accepted = forms.ChoiceField(
        choices=[("yes", _("Yes, I accept it")), ("no", _("No, I do not"))],
        error_messages={"required": _("Choose yes or no"), "invalid_choice": _("Choose yes or no")},
    )
    comment = Words(label=_("Would you tell us why?"), required=False, max_length=LONG, rows=3)


class Code(forms.Form):
    """Reference and return code, as somebody wrote them down."""

    use_required_attribute = False

    reference = Line(
        label=_("Reference"),
        help_text=_("It looks like AM-4F7K-2M9Q."),
        max_length=LINE,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
        error_messages={"required": _("Write the reference you were given")},
    )
    code = Line(
        label=_("Return code"),
        help_text=_("It was shown once, when the complaint was sent."),
        max_length=LINE,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
        error_messages={"required": _("Write the return code")},
    )

    def clean_reference(self) -> str:
        """As we write it, whatever blanks, dashes and small letters came: AM-4F7K-2M9Q."""
        bare = "".join(c for c in str(self.cleaned_data["reference"]).upper() if c.isascii() and c.isalnum())
        return f"{bare[:2]}-{bare[2:6]}-{bare[6:]}"[:16] if len(bare) > 6 else bare


def public_types(parent: ComplaintType | None = None) -> list[ComplaintType]:
    """The types offered to complainants: the upper level, or those below `parent`. No query."""
    offered = [row for row in catalogue().types.values() if row.is_active and row.is_public]
    wanted = parent.pk if parent is not None else None
    return sorted((row for row in offered if row.parent_id == wanted), key=lambda row: (row.position, row.pk))


def _offer(field: forms.Field, types: list[ComplaintType]) -> None:
    field.choices = [(row.code, row.public_label) for row in types]  # type: ignore[attr-defined]
    field.hints = {row.code: row.public_hint for row in types}  # type: ignore[attr-defined]
