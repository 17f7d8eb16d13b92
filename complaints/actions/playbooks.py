"""Write playbooks: a draft is edited, then published, and a published version never changes (mission A6, E1).

Managers and administrators write; whoever takes cases is told of a new version and confirms having read it
(complaints.actions.readings). `seen` is the playbook's `version` that the writer saw: another one is Stale (case F24).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, models, transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.actions import readings
from complaints.models import Article, ComplaintType, Playbook, PlaybookVersion
from complaints.playbooks import checking
from complaints.playbooks.content import HOUSE, said
from complaints.playbooks.memory import edition_for
from core import cached, notify, rows, trail
from core.actions.settings import Stale
from core.actor import Actor
from core.errors import DomainError, InvalidInput, NotAllowed
from core.models import NotificationEvent, User
from core.models.people import ADMIN, MANAGER

MOST_NAME, MOST_CHANGED, MOST_CUSTOMER = 120, 300, 5_000
CHANGEABLE = frozenset({"names", "is_active"})
Steps = list[dict[str, Any]]


class NoDraft(DomainError):
    """There is nothing to change: published versions stay as they are."""

    code = "no_draft"
    message = gettext_lazy("There is no draft. What is published never changes; begin a draft first.")


class NothingNew(DomainError):
    """The draft says what is in force already."""

    code = "nothing_changed"
    message = gettext_lazy("The draft says the same as the version in force.")


def refuse_unless_in_charge(by: Actor) -> None:
    """Playbooks and articles are the managers' and administrators'. Raises NotAllowed."""
    if by.kind != "system" and (by.user is None or not by.user.roles & {ADMIN, MANAGER}):
        raise NotAllowed(code="manager_only")


@transaction.atomic
def create(names: Mapping[str, str], *, by: Actor, at: datetime, type: ComplaintType | None = None) -> Playbook:
    """A playbook with a draft, which begins as a copy of what such complaints follow now. `type` None: the general one.

    Raises NotAllowed or InvalidInput (text_required, too_long, unknown_language, type_taken).
    """
    refuse_unless_in_charge(by)
    called = checking.line(names, name="name", longest=MOST_NAME)
    playbook = Playbook(type=type, name=called[HOUSE], names=called)
    try:
        with transaction.atomic():
            playbook.save(force_insert=True)
    except IntegrityError as error:
        message = _("There is a playbook for this type already.")
        raise InvalidInput(message, code="type_taken", field="type", status=409) from error
    facts = {"type": type.code if type else None, "name": playbook.name}
    trail.append(playbook, "playbook.created", by=by, at=at, changes=facts)
    _begin(playbook, by=by, at=at)
    _forget()
    return playbook


@transaction.atomic
def change(
    playbook: Playbook, values: Mapping[str, Any], *, by: Actor, at: datetime, seen: int | None = None
) -> Playbook:
    """Set names or whether it is in use; out of use, its complaints follow the playbook above.

    Raises NotAllowed, Stale or InvalidInput.
    """
    refuse_unless_in_charge(by)
    if unknown := set(values) - CHANGEABLE:
        raise InvalidInput(_("This field cannot be set here."), code="unknown_field", field=sorted(unknown)[0])
    current = _locked(playbook, seen)
    given = dict(values)
    if "names" in given:
        given["names"] = checking.line(given["names"], name="name", longest=MOST_NAME)
        given["name"] = given["names"][HOUSE]
    changes = {
        name: [getattr(current, name), value] for name, value in given.items() if getattr(current, name) != value
    }
    if changes:
        for name, (_before, value) in changes.items():
            setattr(current, name, value)
        _touch(current, *changes)
        trail.append(current, "playbook.changed", by=by, at=at, changes=changes)
    return current


@transaction.atomic
def begin_draft(playbook: Playbook, *, by: Actor, at: datetime, seen: int | None = None) -> PlaybookVersion:
    """The draft, made as a copy of the version in force where there is none. Raises NotAllowed or Stale."""
    refuse_unless_in_charge(by)
    current = _locked(playbook, seen)
    found = draft_of(current)
    if found is None:
        found = _begin(current, by=by, at=at)
        _touch(current)
        trail.append(current, "playbook.draft_saved", by=by, at=at, changes={"number": found.number})
    return found


@transaction.atomic
def save_draft(
    playbook: Playbook,
    *,
    by: Actor,
    at: datetime,
    steps: Sequence[Mapping[str, Any]] | None = None,
    customer_part: Mapping[str, str] | None = None,
    blocks_resolving: bool | None = None,
    seen: int | None = None,
) -> PlaybookVersion:
    """Put steps and texts into the draft, which is begun where there is none; what is not given stays.

    Raises NotAllowed, Stale or InvalidInput (see complaints.playbooks.checking); then nothing is written.
    """
    refuse_unless_in_charge(by)
    current = _locked(playbook, seen)
    draft = draft_of(current) or _begin(current, by=by, at=at)
    values: dict[str, Any] = {}
    if steps is not None:
        values["steps"] = checking.steps(steps, articles=_articles())
    if customer_part is not None:
        values["customer_part"] = checking.texts(
            customer_part, name="customer_part", longest=MOST_CUSTOMER, required=False
        )
    if blocks_resolving is not None:
        values["blocks_resolving"] = blocks_resolving
    _save(current, draft, values, by=by, at=at)
    return draft


@transaction.atomic
def put_step(
    playbook: Playbook, values: Mapping[str, Any], *, by: Actor, at: datetime, key: str = "", seen: int | None = None
) -> str:
    """Change the step `key` of the draft, or without one add a step at the end. Returns its key.

    Raises NotAllowed, NoDraft, Stale or InvalidInput (also unknown_step).
    """

    def edit(steps: Steps) -> Steps:
        place = _place(steps, key) if key else len(steps)
        others = {one["key"] for one in steps} - {key}
        taken = others if key else others | _ever(playbook)
        one = checking.step({**values, **({"key": key} if key else {})}, taken=taken, articles=_articles())
        made.append(one["key"])
        return [*steps[:place], one, *steps[place + 1 :]]

    made: list[str] = []
    _edit(playbook, edit, by=by, at=at, seen=seen)
    return made[0]


@transaction.atomic
def move_step(
    playbook: Playbook, key: str, *, up: bool, by: Actor, at: datetime, seen: int | None = None
) -> PlaybookVersion:
    """Let a step of the draft change places with its neighbour; at the end of the list nothing happens.

    Raises NotAllowed, NoDraft, Stale or InvalidInput unknown_step.
    """

    def edit(steps: Steps) -> Steps:
        here = _place(steps, key)
        there = here + (-1 if up else 1)
        if 0 <= there < len(steps):
            steps[here], steps[there] = steps[there], steps[here]
        return steps

    return _edit(playbook, edit, by=by, at=at, seen=seen)


@transaction.atomic
def remove_step(playbook: Playbook, key: str, *, by: Actor, at: datetime, seen: int | None = None) -> PlaybookVersion:
    """Take a step out of the draft; ticks that were made stay. Raises as `move_step` does."""

    def edit(steps: Steps) -> Steps:
        place = _place(steps, key)
        return [*steps[:place], *steps[place + 1 :]]

    return _edit(playbook, edit, by=by, at=at, seen=seen)


@transaction.atomic
def discard_draft(playbook: Playbook, *, by: Actor, at: datetime, seen: int | None = None) -> Playbook:
    """Throw the draft away. Raises NotAllowed, NoDraft or Stale."""
    refuse_unless_in_charge(by)
    current = _locked(playbook, seen)
    draft = _needed(current)
    number = draft.number
    draft.delete()
    _touch(current)
    trail.append(current, "playbook.draft_discarded", by=by, at=at, changes={"number": number})
    return current


@transaction.atomic
def publish(
    playbook: Playbook, *, by: Actor, at: datetime, what_changed: str = "", seen: int | None = None
) -> PlaybookVersion:
    """Put the draft in force: from now on it stands beside every such case, and everybody is told to read it.

    `what_changed`: one line for them, needed from the second version on. Raises NotAllowed, NoDraft, Stale, NothingNew
    or InvalidInput (steps_required, what_changed_required, too_long). Query cost: about 12, and 1 for each language.
    """
    refuse_unless_in_charge(by)
    current = _locked(playbook, seen)
    draft = _needed(current)
    last = newest(current)
    words = " ".join(what_changed.split())
    if not draft.steps:
        raise InvalidInput(_("A playbook needs at least one step."), code="steps_required", field="steps")
    if last is not None and _content(last) == _content(draft):
        raise NothingNew
    refuse_bad_change(words, needed=last is not None)
    draft.what_changed, draft.published_at, draft.made_by = words, at, by.user
    draft.save(update_fields=["what_changed", "published_at", "made_by"])
    _touch(current)
    changes = {"number": [last.number if last else 0, draft.number], "what_changed": words}
    trail.append(current, "playbook.published", by=by, at=at, changes=changes)
    tell(draft, current.names, f"playbook:{draft.pk}", reverse("knowledge_playbook", args=[current.pk]), by=by, at=at)
    return draft


def refuse_bad_change(words: str, *, needed: bool) -> None:
    """Raises InvalidInput for a missing or too long line of what changed."""
    if needed and not words:
        message = _("Say in a line what changed: everybody who must read it sees that first.")
        raise InvalidInput(message, code="what_changed_required", field="what_changed")
    if len(words) > MOST_CHANGED:
        raise InvalidInput(_("This is too long."), code="too_long", field="what_changed")


def tell(version: models.Model, titles: Mapping[str, str], key: str, url: str, *, by: Actor, at: datetime) -> None:
    """Everybody who takes cases hears of it, each in their own language; whoever published it has read it.

    Query cost: 1, and 1 for each language in use.
    """
    by_language: dict[str, list[User]] = {}
    for user in User.objects.who_take_cases():
        by_language.setdefault(user.language or HOUSE, []).append(user)
    told: list[models.Model] = []
    for language, users in by_language.items():
        words = {"title": said(titles, language)}
        told += notify.tell(
            users, NotificationEvent.PLAYBOOK, key=key, words=words, url=url, about=None, at=at, but=by.user
        )
    rows.insert(told)
    if by.user is not None and by.user.sees_cases:
        readings.confirm(version, by=by, at=at)


def newest(playbook: Playbook) -> PlaybookVersion | None:
    """The version in force. Query cost: 1."""
    return PlaybookVersion.objects.filter(playbook=playbook, published_at__isnull=False).order_by("-number").first()


def draft_of(playbook: Playbook) -> PlaybookVersion | None:
    """Query cost: 1."""
    return PlaybookVersion.objects.filter(playbook=playbook, published_at__isnull=True).first()


def _edit(
    playbook: Playbook, edit: Callable[[Steps], Steps], *, by: Actor, at: datetime, seen: int | None
) -> PlaybookVersion:
    refuse_unless_in_charge(by)
    current = _locked(playbook, seen)
    draft = _needed(current)
    found = edit([dict(one) for one in draft.steps])
    if len(found) > checking.MOST_STEPS:
        message = _("A playbook has at most %(most)d steps.") % {"most": checking.MOST_STEPS}
        raise InvalidInput(message, code="too_many", field="steps")
    _save(current, draft, {"steps": found}, by=by, at=at)
    return draft


def _save(playbook: Playbook, draft: PlaybookVersion, values: Mapping[str, Any], *, by: Actor, at: datetime) -> None:
    """Write what is different into the draft, with one entry that names what."""
    changed = {name: value for name, value in values.items() if getattr(draft, name) != value}
    if not changed:
        return
    before = {one["key"]: one for one in draft.steps}
    for name, value in changed.items():
        setattr(draft, name, value)
    draft.save(update_fields=list(changed))
    after = {one["key"]: one for one in draft.steps}
    steps = sorted(key for key in {*before, *after} if before.get(key) != after.get(key))
    facts: dict[str, Any] = {"number": draft.number, "what": sorted(changed)}
    if "steps" in changed:
        facts |= {"steps": steps, "order": list(after)}
    _touch(playbook)
    trail.append(playbook, "playbook.draft_saved", by=by, at=at, changes=facts)


def _begin(playbook: Playbook, *, by: Actor, at: datetime) -> PlaybookVersion:
    """A draft that says what is in force: of this playbook, else of the one that its complaints follow now."""
    last = newest(playbook)
    followed = None if last is not None else edition_for(playbook.type_id)
    source = last or (PlaybookVersion.objects.filter(pk=followed.id).first() if followed is not None else None)
    return PlaybookVersion.objects.create(
        playbook=playbook,
        number=last.number + 1 if last else 1,
        steps=source.steps if source else [],
        customer_part=source.customer_part if source else {},
        blocks_resolving=source.blocks_resolving if source else False,
        made_by=by.user,
        created_at=at,
    )


def _needed(playbook: Playbook) -> PlaybookVersion:
    found = draft_of(playbook)
    if found is None:
        raise NoDraft
    return found


def _locked(playbook: Playbook, seen: int | None) -> Playbook:
    current: Playbook = Playbook.objects.select_for_update().get(pk=playbook.pk)
    if seen is not None and current.version != seen:
        raise Stale
    return current


def _touch(playbook: Playbook, *fields: str) -> None:
    playbook.version += 1
    playbook.save(update_fields=["version", *fields])
    _forget()


def _forget() -> None:
    transaction.on_commit(cached.clear_all)
    cached.clear_all()


def _place(steps: Steps, key: str) -> int:
    for place, one in enumerate(steps):
        if one["key"] == key:
            return place
    raise InvalidInput(_("There is no such step."), code="unknown_step", field="key", status=404)


def _ever(playbook: Playbook) -> set[str]:
    """Keys that any version used: a new step never takes over the ticks of an old one. Query cost: 1."""
    stored = PlaybookVersion.objects.filter(playbook=playbook).values_list("steps", flat=True)
    return {one["key"] for steps in stored for one in steps}


def _articles() -> set[int]:
    return set(Article.objects.filter(is_active=True).values_list("pk", flat=True))


def _content(version: PlaybookVersion) -> tuple[Any, ...]:
    return version.steps, version.customer_part, version.blocks_resolving
