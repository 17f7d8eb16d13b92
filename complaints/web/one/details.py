"""Put the details of a case right, with what somebody else changed meanwhile beside it (mission A8; case F24).

An address of its own that works without JavaScript; on the case page the same form comes into a dialog.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.db import transaction
from django.forms import BoundField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from complaints import errors
from complaints.actions.amend import AMENDABLE, amend, facts, seal, seals
from complaints.models import Complaint
from complaints.web.many import strip
from complaints.web.one import case, changes
from complaints.web.one.detail_words import NAMES
from complaints.web.one.forms import ActForm
from complaints.web.one.trail_words import actor_of
from core import languages, trail
from core.access import CASES, allow
from core.actor import Actor
from core.clock import now
from core.web.fields import Line, Paragraphs, PlainSelect
from core.web.once import Repeated, claim, fresh
from core.web.parts import Part

MINE, THEIRS = "mine", "theirs"
CHOICE = "take_"  # before a field's name: which of two values holds, "theirs" or "mine:" and the seal of theirs
SEEN = re.compile(r"([a-z_]{1,20}):([0-9a-f]{16})")
LOOKED_AT = 50  # entries of the trail, to say who it was


class DetailsForm(ActForm):
    """What may be amended. `seen`: what stood in each field when it was shown; `version`: of the case then."""

    guarded = False
    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=1000)
    subject = Line(
        label=NAMES["subject"],
        max_length=200,
        error_messages={"required": gettext_lazy("Say in one line what it is about.")},
    )
    description = Paragraphs(
        label=NAMES["description"],
        rows=7,
        error_messages={"required": gettext_lazy("Say what happened.")},
    )
    expectation = Paragraphs(label=NAMES["expectation"], required=False, rows=2)
    remedy_sought = Paragraphs(label=NAMES["remedy_sought"], required=False, rows=2)
    order_number = Line(label=NAMES["order_number"], required=False, max_length=80)
    product = Line(label=NAMES["product"], required=False, max_length=120)
    lot = Line(label=NAMES["lot"], required=False, max_length=80)
    language = forms.ChoiceField(widget=PlainSelect, label=NAMES["language"])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [(code, languages.own_name(code)) for code, _name in settings.LANGUAGES]
        spoken = self.complaint.language
        if spoken not in dict(known):
            known.append((spoken, languages.language_name(spoken) or spoken or languages.DASH))
        self.fields["language"].choices = known  # type: ignore[attr-defined]
        self.fields["seen"].initial = _carried(seals(self.complaint))
        for name, value in facts(self.complaint).items():
            self.fields[name].initial = value
        self.differing: list[Differing] = []

    @property
    def known(self) -> dict[str, str]:
        """What was seen of each field. Who lets their own value hold has seen the other one."""
        known = {name: seal for name, seal in SEEN.findall(self.cleaned_data["seen"]) if name in AMENDABLE}
        for name in AMENDABLE:
            known.update((name, seal) for what, seal in SEEN.findall(self.data.get(CHOICE + name, "")) if what == MINE)
        return known

    @property
    def facts(self) -> dict[str, str]:
        """What to write: all but the fields in which the other's value was chosen."""
        data = self.cleaned_data
        return {name: data[name] for name in AMENDABLE if self.data.get(CHOICE + name) != THEIRS}

    def catch_up(self, complaint: Complaint, differing: Collection[str]) -> None:
        """Show what stands in the case now where nobody typed; what differs waits for a choice and stays unseen."""
        now_there, known = facts(complaint), self.known
        kept = {name: known[name] for name in differing if name in known}
        untouched = {name: now_there[name] for name in AMENDABLE if seal(self.cleaned_data[name]) == known.get(name)}
        carried = {name: one for name, one in seals(complaint).items() if name not in differing} | kept
        self.renew(nonce=fresh(), seen=_carried(carried), **untouched)

    @property
    def lines(self) -> list[BoundField]:
        """The fields nobody quarrels about."""
        quarrel = {one.name for one in self.differing}
        return [field for field in self.visible_fields() if field.name not in quarrel]


def _carried(known: Mapping[str, str]) -> str:
    return " ".join(f"{name}:{one}" for name, one in known.items())


@dataclass(frozen=True, slots=True)
class Differing(Part):
    """A field that two people changed. `theirs`: what stands there now, in words; `field`: what was typed here;
    `choice`: the name of the question, `mine`: the answer that lets what was typed hold."""

    name: str
    field: BoundField
    theirs: str
    who: str
    choice: str
    mine: str


@require_http_methods(["GET", "HEAD", "POST"])
@allow(*CASES)
def edit(request: HttpRequest, reference: str) -> HttpResponse:
    """The form, and saving it: fields that nobody else touched are written, others are shown with both values (409).

    Raises Http404 for a case the reader may not see. Query cost: 1 beside session and user to show it.
    """
    complaint = case.find(request, reference)
    if request.method != "POST":
        return _show(request, complaint, DetailsForm(complaint=complaint))
    form = DetailsForm(request.POST, complaint=complaint)
    if not form.is_valid():
        form.http_status = 422
        return _again(request, complaint, form, {})
    at = now()
    try:
        with transaction.atomic():
            claim(request, form.cleaned_data["nonce"], at=at)
            version = form.cleaned_data["version"]
            amend(complaint, form.facts, by=Actor.of(request), at=at, version=version, seen=form.known)
    except Repeated:
        pass  # the first one has done it
    except errors.AmendedMeanwhile as quarrel:
        form.http_status = quarrel.status
        return _again(request, complaint, form, quarrel.differing)
    return changes.done(request, complaint, _("Details saved"))


def _again(
    request: HttpRequest, complaint: Complaint, form: DetailsForm, differing: Mapping[str, tuple[str, str]]
) -> HttpResponse:
    """The form with all that was typed; what differs now counts as seen, and waits for a choice."""
    if differing:
        complaint = case.find(request, complaint.reference)
        form.catch_up(complaint, differing)
        who = _who(complaint, set(differing))
        form.differing = [
            Differing(
                name, form[name], _words(name, theirs), who.get(name, ""), CHOICE + name, f"{MINE}:{seal(theirs)}"
            )
            for name, (theirs, _typed) in differing.items()
        ]
    else:
        form.renew(nonce=fresh())
    return _show(request, complaint, form)


def _who(complaint: Complaint, names: set[str]) -> dict[str, str]:
    """By field: who gave it the value it has, and when. Query cost: 1."""
    said: dict[str, str] = {}
    for entry in trail.of(complaint).filter(kind="complaint.amended").order_by("-seq")[:LOOKED_AT]:
        for name in names.intersection(json.loads(entry.body).get("fields", ())) - set(said):
            said[name] = f"{actor_of(entry)}, {languages.near(entry.at, now())}"
    return said


def _words(name: str, value: str) -> str:
    return languages.language_name(value) or value if name == "language" else value


def _show(request: HttpRequest, complaint: Complaint, form: DetailsForm) -> HttpResponse:
    query = strip.list_query(request)
    context = {
        "form": form,
        "complaint": complaint,
        "url": reverse("case_details", args=[complaint.reference]) + query,
        "back_url": complaint.get_absolute_url() + query,
    }
    page = "complaints/_details.html" if request.htmx else "complaints/details.html"  # type: ignore[attr-defined]
    return render(request, page, context, status=form.http_status)
