"""Prepare words for others or oneself, and use them: macros (mission A8; ux, Agent's desk 7).

A macro belongs to one person, to a team or to everybody. Whoever takes cases makes their own; a team's are made by its
lead, everybody's by managers and administrators, who may change any team's too. What it says and does is versioned.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Max, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints import macro_values, macros
from complaints.actions import converse, macro_steps
from complaints.actions.speech import Acts
from complaints.models import ActKind, Complaint, ComplaintType, Macro, MacroVersion, Message, Note
from complaints.models.words import FINAL, NOTE, PURPOSES
from core import languages, trail
from core.actions.settings import STEP, Stale
from core.actor import Actor
from core.errors import DomainError, InvalidInput, NotAllowed
from core.models import Team

OWN, TEAM, ALL = "me", "team", "all"
CIRCLES = [(OWN, gettext_lazy("Only me")), (TEAM, gettext_lazy("A team")), (ALL, gettext_lazy("Everybody"))]
ACTS = (ActKind.THANKS.value, ActKind.APOLOGY.value)  # a refusal needs words of its own
LONGEST_NAME = 80
SAID = ("texts", "purpose", "acts", "does")  # a change of these makes a new version
FAULTS = {
    "unknown_variable": gettext_lazy("There is no variable “%(what)s”."),
    "stray_brackets": gettext_lazy("These brackets belong to nothing: %(what)s"),
    "too_long": gettext_lazy("At most %(what)s characters are allowed."),
}


class MacroOutOfUse(DomainError):
    """It can be looked at, but not taken."""

    code = "macro_not_active"
    message = gettext_lazy("This macro is no longer in use.")


@dataclass(frozen=True, slots=True)
class Draft:
    """What a macro is to be. `names`, `texts`: by language, at least one name; `does`: see macro_steps."""

    names: Mapping[str, str]
    texts: Mapping[str, str] = field(default_factory=dict)
    purpose: str = "reply"
    acts: Sequence[str] = ()
    does: Sequence[Mapping[str, Any]] = ()
    types: Sequence[ComplaintType] = ()
    circle: str = OWN
    team: Team | None = None


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a macro: the message or note it wrote, if it has words."""

    message: Message | None = None
    note: Note | None = None


def circle_of(macro: Macro) -> str:
    return OWN if macro.owner_id is not None else TEAM if macro.team_id is not None else ALL


def may_change(user: Any, macro: Macro) -> bool:
    """Whether a person may change a macro. No query beyond the person's roles."""
    return user is not None and _may(user, circle_of(macro), macro.owner_id, macro.team_id)


def circles_for(user: Any) -> list[str]:
    """For whom a person may make macros."""
    found = [OWN] if user.sees_cases else []
    if user.led_team_ids or user.is_manager or user.is_admin:
        found.append(TEAM)
    return [*found, ALL] if user.is_manager or user.is_admin else found


@transaction.atomic
def create(draft: Draft, *, by: Actor, at: datetime) -> Macro:
    """A new macro, last of its circle, in version 1.

    Raises NotAllowed, or InvalidInput (name_required, unknown_language, unknown_variable, stray_brackets, too_long,
    empty_macro, unknown_act, unknown_circle, team_required, and what a step refuses).
    """
    owner, team = _circle(draft.circle, draft.team, by)
    said = _said({name: getattr(draft, name) for name in SAID})
    names = _names(draft.names)
    macro = Macro(name=_name(names), names=names, owner=owner, team=team, created_at=at)
    macro.position = (_beside(macro).aggregate(last=Max("position"))["last"] or 0) + STEP
    macro.save(force_insert=True)
    macro.types.set(draft.types)
    _new_version(macro, said, by=by, at=at)
    macro.save(update_fields=["current"])
    changes = {"name": macro.name, "circle": draft.circle, "team": macro.team_id, "languages": sorted(said["texts"])}
    trail.append(macro, "macro.created", by=by, at=at, changes=changes)
    return macro


@transaction.atomic
def change(macro: Macro, values: Mapping[str, Any], *, by: Actor, at: datetime, expected: int | None = None) -> Macro:
    """Set what `values` names: fields of Draft, and `is_active`. Other words or steps make a new version; nothing
    is written when nothing changes. `expected`: the version the writer saw.

    Raises NotAllowed, Stale, or InvalidInput as `create`.
    """
    macro = _locked(macro, by)
    if expected is not None and macro.version != expected:
        raise Stale
    changes: dict[str, Any] = {}
    before = macro.current
    said = _said({name: values.get(name, getattr(before, name) if before else None) for name in SAID})
    if before is None or any(said[name] != getattr(before, name) for name in SAID):
        _new_version(macro, said, by=by, at=at)
        changes["number"] = [before.number if before else None, macro.current.number]  # type: ignore[union-attr]
    if "names" in values:
        names = _names(values["names"])
        _note(changes, macro, "names", names)
        _note(changes, macro, "name", _name(names))
    if "is_active" in values:
        _note(changes, macro, "is_active", bool(values["is_active"]))
    if "circle" in values or "team" in values:
        owner, team = _circle(values.get("circle", circle_of(macro)), values.get("team", macro.team), by, macro)
        _note(changes, macro, "owner_id", owner.pk if owner else None)
        _note(changes, macro, "team_id", team.pk if team else None)
    if "types" in values:
        types = sorted(one.code for one in macro.types.all())
        wanted = sorted(one.code for one in values["types"])
        if types != wanted:
            macro.types.set(values["types"])
            changes["types"] = [types, wanted]
    if changes:
        macro.version += 1
        macro.save()
        trail.append(macro, "macro.changed", by=by, at=at, changes=changes)
    return macro


@transaction.atomic
def move(macro: Macro, *, up: bool, by: Actor, at: datetime) -> bool:
    """Change places with the neighbour of the same circle; False at the end of the list. Raises NotAllowed."""
    macro = _locked(macro, by)
    ordered = list(_beside(macro).select_for_update().order_by("position", "name", "pk"))
    here = next(index for index, one in enumerate(ordered) if one.pk == macro.pk)
    there = here + (-1 if up else 1)
    if not 0 <= there < len(ordered):
        return False
    ordered[here], ordered[there] = ordered[there], ordered[here]
    for place, one in enumerate(ordered, start=1):
        if one.position != place * STEP:
            Macro.objects.filter(pk=one.pk).update(position=place * STEP)
    Macro.objects.filter(pk=macro.pk).update(version=F("version") + 1)
    trail.append(macro, "macro.changed", by=by, at=at, changes={"position": [here + 1, there + 1]})
    return True


def taken(user: Any, key: int | None, *, field: str = "macro") -> Macro:
    """The macro that a person takes for a case. Raises InvalidInput unknown_macro, or MacroOutOfUse. Query cost: 1."""
    found = Macro.objects.visible_to(user).select_related("current").filter(pk=key).first() if key else None
    offered = found is not None and (found.owner_id in (None, user.pk)) and user.sees_cases
    if found is None or found.current is None or not offered:
        raise InvalidInput(_("There is no such macro."), code="unknown_macro", field=field)
    if not found.is_active:
        raise MacroOutOfUse(field=field)
    return found


@transaction.atomic
def run(
    complaint: Complaint,
    macro: Macro,
    *,
    by: Actor,
    at: datetime,
    body: str | None = None,
    acts: Acts | None = None,
    **also: Any,
) -> Ran:
    """Use a macro on a case: its words as `body` has them (None: as they are), with its acts unless others are given,
    then its steps. All or nothing.

    `also`: what `converse.message` takes. Raises InvalidInput variable_missing or personal_part_missing, StepRefused
    naming the step, and what message and note refuse.
    """
    version = macro.current
    assert version is not None  # noqa: S101 - `taken` has looked
    if body is None:
        body = macro_values.for_case(version, complaint, agent=by.user).text
    if not body.strip() and not any(version.texts.values()):
        macro_steps.carry_out(version, complaint, by=by, at=at)
        return Ran()
    if version.purpose == NOTE:
        return Ran(note=converse.note(complaint, by=by, at=at, body=body, macro=version))
    given = acts_of(version) if acts is None else acts
    return Ran(message=converse.message(complaint, by=by, at=at, body=body, acts=given, macro=version, **also))


def acts_of(version: MacroVersion) -> Acts:
    """What comes with a macro's message."""
    return Acts(thanks=ActKind.THANKS in version.acts, apology=ActKind.APOLOGY in version.acts)


def _locked(macro: Macro, by: Actor) -> Macro:
    found = Macro.objects.select_for_update().get(pk=macro.pk)
    if by.kind != "system" and not may_change(by.user, found):
        raise NotAllowed(_("This macro is not yours to change."), code="not_your_macro")
    return found


def _may(user: Any, circle: str, owner_id: int | None, team_id: int | None) -> bool:
    if circle == OWN:
        return bool(owner_id == user.pk and user.sees_cases)
    if user.is_manager or user.is_admin:
        return True
    return circle == TEAM and team_id in user.led_team_ids


def _circle(circle: str, team: Team | None, by: Actor, macro: Macro | None = None) -> tuple[Any, Team | None]:
    """Owner and team of a circle. Raises InvalidInput or NotAllowed."""
    if circle not in (OWN, TEAM, ALL):
        raise InvalidInput(_("Say for whom it is."), code="unknown_circle", field="circle")
    if circle == TEAM and team is None:
        raise InvalidInput(_("Say for which team it is."), code="team_required", field="team")
    if circle == TEAM and team is not None and not team.is_active:
        raise InvalidInput(_("This team is not in use."), code="team_not_active", field="team")
    if by.kind == "system":
        return None, team if circle == TEAM else None
    owner = by.user if circle == OWN else None
    if macro is not None and circle == OWN and macro.owner_id is not None:
        owner = macro.owner
    team = team if circle == TEAM else None
    if by.user is None or not _may(by.user, circle, owner.pk if owner else None, team.pk if team else None):
        raise NotAllowed(_("You cannot make macros for them."), code="not_your_circle", field="circle")
    return owner, team


def _beside(macro: Macro) -> QuerySet[Macro]:
    """The macros of the same circle."""
    found = Macro.objects.filter(owner=macro.owner_id) if macro.owner_id else Macro.objects.filter(owner__isnull=True)
    return found.filter(team=macro.team_id) if macro.team_id else found.filter(team__isnull=True)


def _new_version(macro: Macro, said: Mapping[str, Any], *, by: Actor, at: datetime) -> None:
    last = macro.versions.aggregate(last=Max("number"))["last"] or 0
    macro.current = MacroVersion.objects.create(
        macro=macro, number=last + 1, made_by=by.user, created_at=at, **{name: said[name] for name in SAID}
    )


def _note(changes: dict[str, Any], macro: Macro, name: str, value: Any) -> None:
    before = getattr(macro, name)
    if before != value:
        changes[name.removesuffix("_id")] = [before, value]
        setattr(macro, name, value)


def _names(given: Mapping[str, str]) -> dict[str, str]:
    _refuse_languages(given, "names")
    names = {code: " ".join(name.split()) for code, name in given.items() if name and name.strip()}
    if not names:
        raise InvalidInput(_("Give it a name."), code="name_required", field="names")
    if any(len(name) > LONGEST_NAME for name in names.values()):
        text = _("At most %(max)d characters are allowed.") % {"max": LONGEST_NAME}
        raise InvalidInput(text, code="too_long", field="names")
    return names


def _name(names: Mapping[str, str]) -> str:
    """Where a reader's language has none."""
    return names.get(languages.code(settings.LANGUAGE_CODE)) or next(iter(names.values()))


def _said(given: Mapping[str, Any]) -> dict[str, Any]:
    """Words and steps, checked. Raises InvalidInput."""
    texts = _texts(given["texts"] or {})
    does = macro_steps.read(given["does"] or ())
    acts = [act for act in ACTS if act in (given["acts"] or ())]
    if strange := [act for act in given["acts"] or () if act not in ACTS]:
        text = _("“%(name)s” cannot come with a macro.") % {"name": str(strange[0])[:40]}
        raise InvalidInput(text, code="unknown_act", field="acts")
    if given["purpose"] not in dict(PURPOSES):
        raise InvalidInput(_("Say whether it is a reply or a note."), code="unknown_purpose", field="purpose")
    if not texts and not does:
        raise InvalidInput(_("Write something, or choose a step."), code="empty_macro", field="texts")
    if given["purpose"] == NOTE:
        acts = []
    if given["purpose"] == FINAL:  # goes out with the decision, which does the rest
        acts, does = [], []
        if not texts:
            raise InvalidInput(_("Write something."), code="empty_macro", field="texts")
    return {"texts": texts, "purpose": given["purpose"], "acts": acts, "does": does}


def _texts(given: Mapping[str, str]) -> dict[str, str]:
    _refuse_languages(given, "texts")
    texts = {code: text.replace("\r\n", "\n").strip() for code, text in given.items() if text and text.strip()}
    for code, text in texts.items():
        for fault in macros.faults(text):
            said = str(FAULTS[fault.code]) % {"what": fault.what}
            words = f"{languages.own_name(code)}: {said}" if len(texts) > 1 else said
            raise InvalidInput(words, code=fault.code, field=f"texts.{code}")
    return texts


def _refuse_languages(given: Iterable[str], field: str) -> None:
    known = {code for code, _name in settings.LANGUAGES}
    if strange := [code for code in given if code not in known]:
        text = _("“%(name)s” is none of our languages.") % {"name": str(strange[0])[:20]}
        raise InvalidInput(text, code="unknown_language", field=field)
