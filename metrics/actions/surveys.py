"""What managers settle about surveys: switches, times, words; words are published, never edited in place (B1)."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from anyascii import anyascii
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import trail
from core.actor import Actor
from core.errors import DomainError, InvalidInput, NotAllowed
from core.models.people import ADMIN, MANAGER
from metrics.models import Invitation, Survey, SurveyKind, SurveySettings, SurveyVersion
from metrics.survey_words import PARTS

CHANGEABLE = frozenset({"name", "is_active", "after_resolution", "delay_seconds", "expires_days", "share_percent"})
RESERVED = frozenset({"new"})  # no codes: addresses of our own
OFFERED = (SurveyKind.NPS, SurveyKind.CSAT)  # what a new survey may measure
LONGEST = 300  # characters of one text
MOST_DELAY, MOST_DAYS = 60 * 24 * 3600, 365
LIMITS = {"delay_seconds": (0, MOST_DELAY), "expires_days": (1, MOST_DAYS), "share_percent": (1, 100)}
TOGETHER = {"contact_cap_days": (0, MOST_DAYS), "follow_up_working_days": (0, 60)}
Row = TypeVar("Row", bound=models.Model)


class Stale(DomainError):
    code = "stale"
    message = gettext_lazy("Somebody else changed this survey in the meantime.")


def refuse_unless_in_charge(by: Actor) -> None:
    """Surveys are the managers' and administrators'. Raises NotAllowed."""
    if by.kind != "system" and (by.user is None or not by.user.roles & {ADMIN, MANAGER}):
        raise NotAllowed(code="manager_only")


@transaction.atomic
def create(
    values: Mapping[str, Any],
    texts: Mapping[str, Mapping[str, str]],
    *,
    by: Actor,
    at: datetime,
    code: str = "",
) -> Survey:
    """Make a survey with its first words; it asks about what is settled from now on.

    `values`: `name` and `kind` (nps or csat), and what `change` sets. `code`: its name in addresses and the API, made
    from the name without one. Raises NotAllowed or InvalidInput (required, invalid_choice, unknown_field, out_of_range,
    invalid, code_taken, and those of `publish`). Query cost: 10.
    """
    refuse_unless_in_charge(by)
    if unknown := set(values) - CHANGEABLE - {"kind"}:
        raise InvalidInput(_("This field cannot be set here."), code="unknown_field", field=sorted(unknown)[0])
    if not str(values.get("name", "")).strip():
        raise InvalidInput(_("The survey needs a name."), code="required", field="name")
    if values.get("kind") not in OFFERED:
        raise InvalidInput(_("A survey asks for a recommendation or for satisfaction."), code="invalid_choice",
                           field="kind")  # fmt: skip
    checked(texts)
    row = Survey(**values)
    row.name = " ".join(row.name.split())
    row.code = code or _free_code(row.name)
    if row.code in RESERVED:
        raise InvalidInput(_("Choose another code."), code="invalid", field="code")
    _refuse_out_of_range(values, LIMITS)
    _refuse_invalid(row)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise InvalidInput(
            _("There is a survey with this code."), code="code_taken", field="code", status=409
        ) from error
    facts = {name: getattr(row, name) for name in ("code", "kind", "is_active", "after_resolution", "delay_seconds")}
    trail.append(row, "survey.created", by=by, at=at, changes=facts)
    publish(row, texts, by=by, at=at)
    return row


def _free_code(name: str) -> str:
    """From the name, in Latin letters: Доставка is dostavka, a second one dostavka-2. Query cost: 1."""
    stem = slugify(anyascii(name).replace("'", ""))[:34].strip("-") or "survey"
    taken = RESERVED | set(Survey.objects.filter(code__startswith=stem).values_list("code", flat=True))
    numbered = (f"{stem}-{number}" for number in range(2, len(taken) + 3))
    return stem if stem not in taken else next(one for one in numbered if one not in taken)


@transaction.atomic
def change(survey: Survey, values: Mapping[str, Any], *, by: Actor, at: datetime, version: int | None = None) -> Survey:
    """Set fields of a survey; nothing is written when nothing changes. `version`: the state seen (`version_of`).

    Switched off, invitations that have not left are dropped: whoever was settled until it is switched on again is not
    asked. Raises NotAllowed, Stale or InvalidInput (unknown_field, out_of_range, invalid).
    """
    refuse_unless_in_charge(by)
    if unknown := set(values) - CHANGEABLE:
        raise InvalidInput(_("This field cannot be set here."), code="unknown_field", field=sorted(unknown)[0])
    current: Survey = Survey.objects.select_for_update().get(pk=survey.pk)
    if version is not None and version_of(current) != version:
        raise Stale
    changed = _set(current, values, LIMITS, by=by, at=at)
    if not (current.is_active and current.after_resolution) and {"is_active", "after_resolution"} & changed:
        Invitation.objects.filter(survey=current, sent_at__isnull=True, suppressed="").delete()
    return current


@transaction.atomic
def change_settings(values: Mapping[str, Any], *, by: Actor, at: datetime) -> SurveySettings:
    """Set what holds for all surveys. Raises NotAllowed or InvalidInput out_of_range."""
    refuse_unless_in_charge(by)
    current = SurveySettings.objects.select_for_update().get(pk=1)
    _set(current, values, TOGETHER, by=by, at=at)
    return current


@transaction.atomic
def publish(survey: Survey, texts: Mapping[str, Mapping[str, str]], *, by: Actor, at: datetime) -> SurveyVersion:
    """Put new words in force from now on; who was asked before keeps the version they were asked with.

    `texts`: {"en": {"question": ...}, ...}; the house's language needs every part, another one may leave parts out.
    The words in force once more publish nothing. Raises NotAllowed or InvalidInput (unknown_language, unknown_part,
    text_required, too_long).
    """
    refuse_unless_in_charge(by)
    clean = checked(texts)
    survey = Survey.objects.select_for_update().get(pk=survey.pk)
    last = SurveyVersion.objects.filter(survey=survey).order_by("-number").first()
    if last is not None and last.texts == clean:
        return last
    made = SurveyVersion.objects.create(
        survey=survey,
        number=last.number + 1 if last else 1,
        texts=clean,
        published_at=at,
        published_by=by.user,
    )
    before = last.texts if last else {}
    words = sorted(code for code in {*clean, *before} if clean.get(code) != before.get(code))
    changes = {"number": [last.number if last else 0, made.number], "languages": words}
    trail.append(survey, "survey.published", by=by, at=at, changes=changes)
    return made


def checked(texts: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """The texts trimmed, empty ones left out. Raises InvalidInput as `publish` does; `field` is `<part>_<language>`."""
    house = settings.LANGUAGE_CODE
    found: dict[str, dict[str, str]] = {}
    for code, parts in texts.items():
        if code not in dict(settings.LANGUAGES):
            raise InvalidInput(_("There is no such language."), code="unknown_language", field="texts")
        if strange := set(parts) - set(PARTS):
            raise InvalidInput(_("There is no such part."), code="unknown_part", field=f"{sorted(strange)[0]}_{code}")
        said = {name: unicodedata.normalize("NFC", " ".join(parts[name].split())) for name in PARTS if name in parts}
        for name, text in said.items():
            if len(text) > LONGEST:
                raise InvalidInput(_("This is too long."), code="too_long", field=f"{name}_{code}")
        if kept := {name: text for name, text in said.items() if text}:
            found[code] = kept
    for name in PARTS:
        if not found.get(house, {}).get(name):
            message = _("In the house's own language no text may be missing.")
            raise InvalidInput(message, code="text_required", field=f"{name}_{house}")
    return found


def version_of(survey: Survey) -> int:
    """How often the survey was changed or published, plus one: its ETag. Query cost: 1."""
    last = trail.of(survey).order_by("-seq").values_list("seq", flat=True).first()
    return int(last or 0) + 1


def _set(
    row: Row, values: Mapping[str, Any], limits: Mapping[str, tuple[int, int]], *, by: Actor, at: datetime
) -> set[str]:
    """Write what is different, with one entry. Returns the names of the fields that changed."""
    _refuse_out_of_range(values, limits)
    changes = {name: [getattr(row, name), value] for name, value in values.items() if getattr(row, name) != value}
    if not changes:
        return set()
    for name, (_before, value) in changes.items():
        setattr(row, name, value)
    _refuse_invalid(row)
    row.save(update_fields=list(changes))
    trail.append(row, f"{row._meta.model_name}.changed", by=by, at=at, changes=changes)
    return set(changes)


def _refuse_out_of_range(values: Mapping[str, Any], limits: Mapping[str, tuple[int, int]]) -> None:
    for name, (low, high) in limits.items():
        if name in values and not low <= values[name] <= high:
            message = _("Choose a number from %(low)s to %(high)s.") % {"low": low, "high": high}
            raise InvalidInput(message, code="out_of_range", field=name)


def _refuse_invalid(row: models.Model) -> None:
    try:
        row.clean_fields()
    except ValidationError as error:
        field, problems = next(iter(error.message_dict.items()))
        raise InvalidInput(problems[0], code="invalid", field=field) from error
