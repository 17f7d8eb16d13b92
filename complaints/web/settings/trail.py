"""Recent changes of settings: who, when, what, from -> to (domain, Trail)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from complaints.models import (
    Article,
    AuthorityVersion,
    Channel,
    ComplaintType,
    Macro,
    Playbook,
    RootCause,
    RoutingRule,
    RulePack,
    SavedView,
    SlaVersion,
    Theme,
)
from complaints.playbooks import articles
from complaints.playbooks.content import said
from complaints.reference import catalogue, themes
from complaints.sla import packs
from complaints.web.names import colleagues, teams
from complaints.web.settings import authority_words, policy_words
from complaints.web.settings.calendar_words import from_trail, place_name
from complaints.web.settings.edit_words import mode_name
from complaints.web.settings.frame import PAGE, key_of, show
from core import languages
from core.access import ADMIN, allow
from core.clock import now
from core.instants import InstantError, parse_instant
from core.models import ApiToken, Calendar, Organisation, Team, TrailEntry, User
from core.web.parts import Empty, Link, Person

HERE = "settings_trail"
SUBJECTS: dict[str, tuple[Any, Any]] = {
    "user": (User, gettext_lazy("User")),
    "team": (Team, gettext_lazy("Team")),
    "complainttype": (ComplaintType, gettext_lazy("Complaint type")),
    "rootcause": (RootCause, gettext_lazy("Root cause")),
    "theme": (Theme, gettext_lazy("Theme")),
    "channel": (Channel, gettext_lazy("Channel")),
    "routingrule": (RoutingRule, gettext_lazy("Routing rule")),
    "macro": (Macro, gettext_lazy("Macro")),
    "rulepack": (RulePack, gettext_lazy("Rule pack")),
    "slaversion": (SlaVersion, gettext_lazy("Policies")),
    "authorityversion": (AuthorityVersion, gettext_lazy("Authority")),
    "calendar": (Calendar, gettext_lazy("Calendar")),
    "playbook": (Playbook, gettext_lazy("Playbook")),
    "article": (Article, gettext_lazy("Article")),
    "organisation": (Organisation, gettext_lazy("Organisation")),
    "apitoken": (ApiToken, gettext_lazy("API token")),
    "savedview": (SavedView, gettext_lazy("Saved view")),
    "outboxmessage": (None, gettext_lazy("Mail")),
}
VERBS = {
    "created": gettext_lazy("made"),
    "changed": gettext_lazy("changed"),
    "removed": gettext_lazy("removed"),
    "draft_saved": gettext_lazy("draft saved"),
    "draft_discarded": gettext_lazy("draft thrown away"),
    "published": gettext_lazy("published"),
    "installed": gettext_lazy("installed"),
    "policy_added": gettext_lazy("added to the draft"),
    "policy_changed": gettext_lazy("changed in the draft"),
    "policy_moved": gettext_lazy("moved in the draft"),
    "policy_removed": gettext_lazy("removed from the draft"),
    "limit_added": gettext_lazy("added to the draft"),
    "limit_changed": gettext_lazy("changed in the draft"),
    "limit_moved": gettext_lazy("moved in the draft"),
    "limit_removed": gettext_lazy("removed from the draft"),
    "replaced": gettext_lazy("replaced by a newer edition"),
    "restored": gettext_lazy("brought back"),
    "moved": gettext_lazy("moved"),
    "issued": gettext_lazy("issued"),
    "revoked": gettext_lazy("revoked"),
    "retried": gettext_lazy("tried again"),
    "renamed": gettext_lazy("changed their own name"),
    "preferences_changed": gettext_lazy("changed their own preferences"),
    "password_changed": gettext_lazy("changed their own password"),
    "password_link_sent": gettext_lazy("was mailed a link to set a password"),
    "absence_set": gettext_lazy("is marked as away"),
    "absence_ended": gettext_lazy("is back"),
    "deputy_named": gettext_lazy("deputy named"),
    "notifications_chosen": gettext_lazy("chose what to be told of"),
}
ADDRESSES = {
    "user": "settings_user",
    "team": "settings_team",
    "complainttype": "settings_type",
    "rootcause": "settings_cause",
    "theme": "settings_theme",
    "routingrule": "settings_rule",
    "macro": "settings_macro",
    "calendar": "settings_calendar",
    "playbook": "settings_playbook",
    "article": "settings_article",
}


@dataclass(slots=True)
class Change:
    """One entry as `settings/trail.html` shows it; `lines` are (what, before, after)."""

    who: Person
    at: str
    time: str
    kind: str
    subject: str
    url: str
    verb: str
    lines: list[tuple[str, str, str]] = field(default_factory=list)


@require_safe
@allow(ADMIN)
def index(request: HttpRequest) -> HttpResponse:
    """Entries about settings, newest first, 50 a page. Query cost: 1 and one for rules and tokens beside session and
    user.

    Sorted by `id + 0`, so that the few entries about settings are found by their subject and not by walking back
    through those of a million complaints.
    """
    kind = request.GET.get("kind", "")
    kinds = [kind] if kind in SUBJECTS else list(SUBJECTS)
    found = TrailEntry.objects.filter(subject_kind__in=kinds).annotate(recency=F("pk") + 0)
    if before := key_of(request, "before"):
        found = found.filter(recency__lt=before)
    listed = list(found.order_by("-recency")[: PAGE + 1])
    kept = {"kind": kind} if kind in SUBJECTS else {}
    links = [Link(_("All"), reverse(HERE), current=not kept)]
    links += [
        Link(str(name), f"{reverse(HERE)}?kind={key}", current=key == kind) for key, (_model, name) in SUBJECTS.items()
    ]
    context = {
        "changes": changes(listed[:PAGE], now()),
        "kinds": links,
        "empty": Empty(
            "nothing",
            _("Nothing was changed yet"),
            _("Every change of a setting stands here, with who, when and what."),
            [],
        ),
        "next_url": f"{reverse(HERE)}?{urlencode({**kept, 'before': str(listed[PAGE - 1].pk)})}"
        if len(listed) > PAGE
        else "",
        "first_url": f"{reverse(HERE)}?{urlencode(kept)}" if before else "",
    }
    return show(request, "settings/trail.html", HERE, context)


def changes(entries: Sequence[TrailEntry], at: datetime) -> list[Change]:
    """Entries in words. Query cost: 2 (rules and tokens), the rest is in memory."""
    names = _Names(entries)
    return [_change(one, names, at) for one in entries]


def _change(one: TrailEntry, names: _Names, at: datetime) -> Change:
    verb = one.kind.rpartition(".")[2]
    known = colleagues().get(one.actor_id or 0)
    who = known.person if known else Person.of(one.actor_id or 0, one.actor_label)
    told = {**json.loads(one.body or "{}"), **(json.loads(one.private) if one.private else {})}
    address = ADDRESSES.get(one.subject_kind)
    subject = names.subject(one)
    return Change(
        who=who,
        at=one.at.isoformat(),
        time=languages.near(one.at, at),
        kind=str(SUBJECTS[one.subject_kind][1]),
        subject=subject or _("number %(id)s") % {"id": one.subject_id},
        url=reverse(address, args=[one.subject_id]) if address and subject else "",
        verb=str(VERBS.get(verb, verb)),
        lines=_lines(one, told, names) if verb != "created" else [],
    )


def _lines(one: TrailEntry, told: dict[str, Any], names: _Names) -> list[tuple[str, str, str]]:
    if one.subject_kind == "authorityversion":
        return authority_words.trail_lines(told)
    if one.subject_kind == "slaversion":
        return policy_words.trail_lines(one.kind, told)
    return [_line(one, name, value, names) for name, value in told.items()]


def _line(one: TrailEntry, name: str, value: Any, names: _Names) -> tuple[str, str, str]:
    label, model_field = _field(one.subject_kind, name)
    if one.subject_kind == "calendar" and name == "mode":
        return label, "", mode_name(value, is_policies=False)
    if one.subject_kind == "calendar" and (name == "tz" or "." in name):
        label = place_name(name)
        if isinstance(value, list):
            value = [from_trail(name, one) if isinstance(one, str) else one for one in value]
    if isinstance(value, list) and len(value) == 2 and one.kind.endswith((".changed", ".draft_saved")):
        return label, names.value(model_field, value[0]), names.value(model_field, value[1])
    return label, "", names.value(model_field, value)


def _field(kind: str, name: str) -> tuple[str, Any]:
    model = SUBJECTS[kind][0]
    extra = {
        "from": _("from"),
        "until": _("until"),
        "scopes": _("scopes"),
        "expires_at": _("expires"),
        "template": _("kind"),
        "number": _("version"),
        "mode": _("from when"),
        "edit": _("edit"),
        "what_changed": _("what changed"),
        "steps": _("steps"),
        "circle": _("who has it"),
    }
    if model is not None:
        try:
            found = model._meta.get_field(name)
        except FieldDoesNotExist:
            found = None
        if found is not None:
            return str(getattr(found, "verbose_name", name)), found
    return str(extra.get(name, name)), None


class _Names:
    """Names for keys on the trail: from memory where they are there, else loaded once for the whole page."""

    def __init__(self, entries: Sequence[TrailEntry]) -> None:
        ids: dict[str, set[int]] = {}
        for one in entries:
            ids.setdefault(one.subject_kind, set()).add(one.subject_id)
        rules = RoutingRule.objects.filter(pk__in=ids.get("routingrule", set())).select_related("team")
        self._rules = (
            {one.pk: _("to %(team)s") % {"team": one.team.name} for one in rules} if "routingrule" in ids else {}
        )
        self._playbooks = {one.pk: one.label for one in Playbook.objects.filter(pk__in=ids.get("playbook", ()))}
        shared = Macro.objects.filter(pk__in=ids.get("macro", ()), owner__isnull=True)
        self._macros = {one.pk: one.label for one in shared} if "macro" in ids else {}
        wanted = ids.get("calendar", set())
        self._calendars = dict(Calendar.objects.filter(pk__in=wanted).values_list("pk", "name")) if wanted else {}
        versions = ids.get("slaversion", set())
        found = SlaVersion.objects.filter(pk__in=versions).values_list("pk", "number") if versions else ()
        self._versions = {pk: _("version %(number)s") % {"number": number} for pk, number in found}
        books = AuthorityVersion.objects.filter(pk__in=ids.get("authorityversion", ()))
        numbers = dict(books.values_list("pk", "number")) if "authorityversion" in ids else {}
        self._books = {pk: _("version %(number)s") % {"number": number} for pk, number in numbers.items()}
        tokens = ids.get("apitoken", set())
        self._tokens = dict(ApiToken.objects.filter(pk__in=tokens).values_list("pk", "name")) if tokens else {}

    def subject(self, one: TrailEntry) -> str:
        look_up: dict[str, Callable[[int], str]] = {
            "user": _user,
            "team": lambda pk: teams().get(pk, ""),
            "complainttype": _type,
            "rootcause": _cause,
            "theme": _theme,
            "channel": _channel,
            "rulepack": _pack,
            "playbook": lambda pk: self._playbooks.get(pk, ""),
            "article": lambda pk: said(articles.titles().get(pk, {})),
            "macro": lambda pk: self._macros.get(pk, ""),
            "slaversion": lambda pk: self._versions.get(pk, ""),
            "authorityversion": lambda pk: self._books.get(pk, ""),
            "calendar": lambda pk: self._calendars.get(pk, ""),
            "routingrule": lambda pk: self._rules.get(pk, ""),
            "organisation": lambda _pk: str(apps.get_model("core", "Organisation")._meta.verbose_name).capitalize(),
            "apitoken": lambda pk: self._tokens.get(pk, ""),
        }
        found = look_up.get(one.subject_kind)
        return found(one.subject_id) if found else ""

    def value(self, model_field: Any, value: Any) -> str:
        """A value as a reader sees it."""
        if value is None or value == "":
            return languages.DASH
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if isinstance(value, dict):
            return ", ".join(f"{key}: {text}" for key, text in value.items()) or languages.DASH
        if isinstance(value, list):
            return ", ".join(str(one) for one in value) or languages.DASH
        related = getattr(model_field, "related_model", None)
        by_model: dict[Any, Callable[[int], str]] = {
            User: _user,
            ComplaintType: _type,
            RootCause: _cause,
            Team: lambda pk: teams().get(pk, ""),
        }
        if related in by_model and isinstance(value, int):
            return by_model[related](value) or str(value)
        named = dict(getattr(model_field, "flatchoices", None) or ())
        return str(named.get(value) or _instant(value))


def _instant(value: Any) -> str:
    try:
        return languages.moment(parse_instant(value)) if isinstance(value, str) and "T" in value else str(value)
    except InstantError:
        return str(value)


def _pack(pk: int) -> str:
    try:
        return packs.said(packs.pack(pk).definition["name"])
    except KeyError:
        return ""


def _user(pk: int) -> str:
    known = colleagues().get(pk)
    return known.name if known else ""


def _type(pk: int) -> str:
    known = catalogue().types_by_id.get(pk)
    return known.path if known else ""


def _cause(pk: int) -> str:
    known = catalogue().causes_by_id.get(pk)
    return known.path if known else ""


def _theme(pk: int) -> str:
    return next((one.label for one in themes().values() if one.pk == pk), "")


def _channel(number: int) -> str:
    return next((str(one) for one in catalogue().channels.values() if one.trail_id == number), "")
