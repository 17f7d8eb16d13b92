"""Make a case file, for the browser and for the API alike."""

from __future__ import annotations

import zoneinfo
from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.conf import settings
from django.utils import timezone, translation

from complaints.actions import case_file
from complaints.casefile.collect import collect
from complaints.casefile.editions import TYPES, Edition, Form
from complaints.casefile.facts import facts
from complaints.casefile.pdf import pdf
from complaints.casefile.wording import document
from complaints.models import Complaint
from core import languages
from core.actor import Actor
from core.api.rendering import to_json


@dataclass(frozen=True, slots=True)
class CaseFile:
    """`name` is safe in a header and on a disk: letters, digits, dashes."""

    name: str
    content_type: str
    content: bytes


def make(complaint: Complaint, *, by: Actor, at: datetime, edition: str, language: str, form: str) -> CaseFile:
    """The file, noted on the trail once it exists. `complaint`: one that `by` sees.

    Query cost: 22 at most, whatever the size of the case. No transaction is open while it is made. Raises
    CaseFileTooLarge, CaseFileBusy, CaseFileFailed; nothing is noted then.
    """
    rows = collect(complaint, edition=edition, at=at)
    with translation.override(language), timezone.override(_zone(edition)):
        told = facts(rows, edition=edition, language=language, at=at, by=_name(by))
        content = to_json(told) if form == Form.JSON else pdf(document(told), on=languages.local(at))
    case_file.made(complaint, by=by, at=at, edition=edition, language=language, form=form)
    name = f"{complaint.reference}-{edition}-{language}.{form}"
    return CaseFile(name, TYPES[Form(form)], content)


def _zone(edition: str) -> tzinfo:
    """Ours in the reader's zone, the complainant's in the house's."""
    here = timezone.get_current_timezone()
    return zoneinfo.ZoneInfo(settings.TIME_ZONE) if edition == Edition.COMPLAINANT else here


def _name(by: Actor) -> str:
    """Who asks, as a reader would say: a person by name, an integration by its own with the person's."""
    person = str(by.user) if by.user is not None else ""
    return f"{person} ({by.label})" if by.token_id is not None and person else person or by.label
