"""The forms of the actions on a case. They only read and check what was typed; every rule is in the actions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.models import ChannelCode, Complaint, MacroVersion, Severity
from complaints.models.catalogue import SAID_THERE, UNCLASSIFIED, Named
from complaints.reference import catalogue
from complaints.web.names import Colleague, colleagues, made_from, teams
from complaints.web.one.file_field import FilesField
from core.errors import DomainError
from core.models import User
from core.web.fields import Line, Paragraphs, PlainSelect
from core.web.once import OnceForm, renewed

Choices = tuple[tuple[str, Any], ...]
Words = str | Promise


class ActForm(OnceForm):
    """What all have: the case they are about, the version it was shown in, and the status to answer with.

    `guarded`: refused when the case changed since it was shown (what was said goes through all the same, F24).
    """

    guarded = True
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)

    @classmethod
    def look(cls, complaint: Complaint) -> tuple[Any, ...]:
        """All that the look of the unbound form depends on beside the language, hashable: what __init__ puts in."""
        return ()

    def __init__(self, *args: Any, complaint: Complaint, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.complaint = complaint
        self.fields["version"].initial = complaint.version
        self.http_status = 200
        self.refusal: DomainError | None = None

    @contextmanager
    def refusals(self) -> Iterator[None]:
        """A DomainError inside becomes an error of the form; `http_status` says 409, or 422 for wrong input."""
        try:
            yield
        except DomainError as refusal:
            known = refusal.field if refusal.field in self.fields else None
            self.add_error(known, str(refusal))
            self.http_status = 422 if refusal.status == 400 else refusal.status
            self.refusal = refusal

    @property
    def values(self) -> dict[str, Any]:
        """What the action takes."""
        return {name: value for name, value in self.cleaned_data.items() if name not in ("nonce", "version")}

    def renew(self, **fresh: Any) -> None:
        """Show the refused form again with what was typed, but with fresh hidden values."""
        self.data = renewed(self.data, **{self.add_prefix(name): value for name, value in fresh.items()})


class PlainForm(ActForm):
    """A button is enough."""


class AcknowledgeForm(ActForm):
    message = Paragraphs(
        label=gettext_lazy("Message to the customer"),
        required=False,
        help_text=gettext_lazy("with a message it counts as the first answer"),
    )


class Key(forms.ChoiceField):
    """A key that was chosen; whether it means anything is for the action to say."""

    def valid_value(self, value: Any) -> bool:
        return True


class Keys(forms.MultipleChoiceField):
    """Keys that were ticked, likewise."""

    def valid_value(self, value: Any) -> bool:
        return True


class MacroKey(forms.Field):
    """The version of a macro a text began with; None where there is none, or none any more."""

    def __init__(self) -> None:
        super().__init__(required=False, widget=forms.HiddenInput)

    def to_python(self, value: Any) -> MacroVersion | None:
        key = str(value or "")
        if not (key.isascii() and key.isdigit() and len(key) < 19):
            return None
        return MacroVersion.objects.select_related("macro").filter(pk=int(key)).first()


class NoteForm(ActForm):
    guarded = False
    body = Paragraphs(label=gettext_lazy("Message"), required=False)
    attachments = Keys(required=False)
    macro = MacroKey()


class MessageForm(NoteForm):
    texts = Keys(required=False)


class IncomingForm(ActForm):
    guarded = False
    body = Paragraphs(
        label=gettext_lazy("What the customer said or wrote"),
        required=False,
    )
    attachments = FilesField(label=gettext_lazy("What came with it"))
    channel = forms.ChoiceField(label=gettext_lazy("How it reached us"), widget=PlainSelect)

    @classmethod
    def look(cls, complaint: Complaint) -> tuple[Any, ...]:
        return (complaint.channel,)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["channel"].choices = ChannelCode.choices  # type: ignore[attr-defined]
        self.fields["channel"].initial = self.complaint.channel


class SaidForm(ActForm):
    """What we told the customer where no mail of ours goes."""

    guarded = False
    body = Paragraphs(
        label=gettext_lazy("What we told the customer"),
        error_messages={"required": gettext_lazy("Write something first.")},
    )
    channel = forms.ChoiceField(label=gettext_lazy("How we reached them"), widget=PlainSelect)

    @classmethod
    def look(cls, complaint: Complaint) -> tuple[Any, ...]:
        return (complaint.channel,)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        channels = [(code.value, code.label) for code in SAID_THERE if code != ChannelCode.API]
        self.fields["channel"].choices = channels  # type: ignore[attr-defined]
        there = self.complaint.channel in dict(channels)
        self.fields["channel"].initial = self.complaint.channel if there else ChannelCode.PHONE


class AssignForm(ActForm):
    owner = forms.ChoiceField(label=gettext_lazy("New owner"), widget=PlainSelect)
    reason = Line(label=gettext_lazy("Reason"), required=False, help_text=gettext_lazy("only colleagues can read this"))

    @classmethod
    def look(cls, complaint: Complaint) -> tuple[Any, ...]:
        return owner_choices()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].choices = [("", _("choose")), *owner_choices()]  # type: ignore[attr-defined]

    def clean_owner(self) -> User | None:
        return User.objects.filter(pk=self.cleaned_data["owner"]).first()


class ClassifyForm(ActForm):
    type = forms.ChoiceField(label=gettext_lazy("Type"), widget=PlainSelect)
    severity = forms.ChoiceField(label=gettext_lazy("Severity"), widget=forms.RadioSelect)
    reason = Line(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("deadlines are counted anew from receipt"),
        error_messages={"required": gettext_lazy("Say why it is sorted differently.")},
    )

    @classmethod
    def look(cls, complaint: Complaint) -> tuple[Any, ...]:
        return type_choices(), catalogue().types_by_id[complaint.type_id].code, complaint.severity

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["type"].choices = type_choices()  # type: ignore[attr-defined]
        self.fields["type"].initial = catalogue().types_by_id[self.complaint.type_id].code
        self.fields["severity"].choices = Severity.choices  # type: ignore[attr-defined]
        self.fields["severity"].initial = self.complaint.severity

    def clean_type(self) -> Any:
        return catalogue().types[self.cleaned_data["type"]]


class ReasonForm(ActForm):
    reason = Line(label=gettext_lazy("Reason"))
    asks: Words = ""
    missing: Words = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = str(self.asks)
        self.fields["reason"].error_messages["required"] = str(self.missing)


class WaitForm(ReasonForm):
    asks = gettext_lazy("What we are waiting for")
    missing = gettext_lazy("Say what you are waiting for.")


class ReopenForm(ReasonForm):
    asks = gettext_lazy("Why it is opened again")
    missing = gettext_lazy("Say why it is opened again.")


class AcceptanceForm(ActForm):
    """What the customer told us about the decision, on their behalf."""

    accepted = forms.ChoiceField(
        label=gettext_lazy("The customer"),
        widget=forms.RadioSelect,
        choices=[("yes", gettext_lazy("accepts it")), ("no", gettext_lazy("does not accept it"))],
        error_messages={"required": gettext_lazy("Say whether the customer accepts the decision.")},
    )
    comment = Paragraphs(label=gettext_lazy("What the customer said"), required=False, rows=2)


class WithdrawForm(ReasonForm):
    asks = gettext_lazy("Why the customer takes it back")
    missing = gettext_lazy("Say why it is withdrawn.")


def type_choices() -> Choices:
    known = catalogue()
    return made_from("types", lambda: nested(known.types), known)


def cause_choices() -> Choices:
    """Every root cause that says something."""
    known = catalogue()
    said = {code: row for code, row in known.causes.items() if code != UNCLASSIFIED}
    return made_from("causes", lambda: nested(said), known)


def nested(found: dict[str, Any]) -> Choices:
    """Options by code, grouped by what stands above them; what has nothing below it stands alone."""
    active: list[Named] = [row for row in found.values() if row.is_active]
    options: list[tuple[str, Any]] = []
    for top in (row for row in active if row.parent_id is None):  # type: ignore[attr-defined]
        below = [(row.code, row.label) for row in active if row.parent_id == top.pk]  # type: ignore[attr-defined]
        if below:
            options.append((top.label, ((top.code, _("%(name)s, in general") % {"name": top.label}), *below)))
        else:
            options.append((top.code, top.label))
    return tuple(options)


def owner_choices() -> Choices:
    """Everybody who may own a case, grouped by team."""
    people, groups = colleagues(), teams()
    return made_from("owners", lambda: _by_team(people, groups), people, groups)


def _by_team(people: dict[int, Colleague], names: dict[int, str]) -> Choices:
    members: dict[int | None, list[tuple[str, str]]] = {}
    for one in people.values():
        if one.takes_cases:
            members.setdefault(one.team_id, []).append((str(one.id), one.name))
    ordered = [*names.items(), (None, _("Without a team"))]
    return tuple((name, tuple(members[team])) for team, name in ordered if team in members)
