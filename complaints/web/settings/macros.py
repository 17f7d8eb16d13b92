"""Macros in the settings: who has which, how often they are used, the editor with five languages and a look at how it
reads, the versions (mission A8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from django.db.models import Count, Prefetch, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST, require_safe

from complaints import macro_values, macros
from complaints.actions import macro_steps
from complaints.actions import macros as actions
from complaints.macros import VARIABLES, Rendered, Variable
from complaints.models import ComplaintType, Macro, MacroVersion, Message
from complaints.web.names import name_of
from complaints.web.settings.editing import CODES, act, carry_out
from complaints.web.settings.frame import show
from complaints.web.settings.macro_form import MacroForm
from core import languages
from core.access import ADMIN, CASES, allow
from core.clock import now
from core.models import User
from core.web.parts import Chip, Empty, Link

HERE = "settings_macros"
EVERYBODY = (*CASES, ADMIN)
LATELY = timedelta(days=90)
ENOUGH = 5  # uses from which a share says something
SHOWN_VERSIONS = 50


@dataclass(frozen=True, slots=True)
class Line:
    """One macro of the list. `used`: messages of the last 90 days; `share`: sent word for word, blank for too few."""

    name: str
    url: str
    chips: Sequence[Chip]
    used: str
    share: str
    move_url: str
    first: bool
    last: bool


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Look:
    """How a text reads for a case that is none; `faults`: why it cannot be kept."""

    language: str
    name: str
    rendered: Rendered
    faults: Sequence[str]


@require_safe
@allow(*EVERYBODY)
def index(request: HttpRequest) -> HttpResponse:
    """Everybody's macros, the teams' and one's own, with how they are used. Query cost: 4."""
    user: User = request.user  # type: ignore[assignment]
    tools = (
        (Link(_("New macro"), reverse("settings_macro_new"), "plus", primary=True),)
        if actions.circles_for(user)
        else ()
    )
    sections = _sections(user)
    context = {
        "sections": sections,
        "lead": _(
            "A macro is a start: the personal part is yours. How often one is sent word for word shows which of them "
            "ask for better words, and judges nobody."
        ),
        "empty": Empty("nothing", _("No macros yet"), _("Make the first one for answers you write often."), tools),
    }
    return show(request, "settings/macros.html", HERE, context, tools=tools)


def _sections(user: User) -> list[Section]:
    found = (
        Macro.objects.visible_to(user)
        .filter(current__isnull=False)
        .select_related("current", "team")
        .prefetch_related(Prefetch("types", ComplaintType.objects.select_related("parent")))
    )
    used = _used()
    own: list[Macro] = []
    everybody: list[Macro] = []
    teams: dict[str, list[Macro]] = {}
    for one in found:
        circle = actions.circle_of(one)
        if circle == actions.TEAM:
            teams.setdefault(str(one.team), []).append(one)
        else:
            (own if circle == actions.OWN else everybody).append(one)
    parts = [(pgettext("macros", "Mine"), own), *sorted(teams.items()), (pgettext("macros", "Everybody’s"), everybody)]
    return [Section(title, _lines(user, rows, used)) for title, rows in parts if rows]


def _lines(user: User, rows: Sequence[Macro], used: dict[int, tuple[int, int]]) -> list[Line]:
    lines = []
    for place, one in enumerate(rows):
        uses, as_they_were = used.get(one.pk, (0, 0))
        share = Decimal(as_they_were * 100) / uses if uses >= ENOUGH else None
        lines.append(
            Line(
                name=one.label,
                url=reverse("settings_macro", args=[one.pk]),
                chips=_chips(one),
                used=languages.number(uses),
                share=languages.percent(share) if share is not None else "",
                move_url=reverse("settings_macro_move", args=[one.pk]) if actions.may_change(user, one) else "",
                first=place == 0,
                last=place == len(rows) - 1,
            )
        )
    return lines


def _chips(one: Macro) -> list[Chip]:
    version: MacroVersion = one.current  # type: ignore[assignment]
    chips = [Chip(_("not in use"), "pause")] if not one.is_active else []
    if version.purpose == "note":
        chips.append(Chip(_("Internal note"), "note"))
    chips += [Chip(kind.path) for kind in one.types.all()]
    spoken = [code for code in CODES if version.texts.get(code)]
    if spoken and len(spoken) < len(CODES):
        chips.append(Chip(", ".join(languages.own_name(code) for code in spoken), icon="globe"))
    if version.does:
        chips.append(Chip(" · ".join(macro_steps.said(version.does, name_of)), icon="macro"))
    return chips


def _used() -> dict[int, tuple[int, int]]:
    """Messages by macro in the last 90 days, and how many word for word. Query cost: 1, over an index of its own."""
    rows = (
        Message.objects.filter(macro__isnull=False, at__gte=now() - LATELY)
        .order_by()
        .values_list("macro__macro")
        .annotate(n=Count("pk"), same=Count("pk", filter=Q(word_for_word=True)))
    )
    return {pk: (n, same) for pk, n, same in rows}


@allow(*EVERYBODY)
def new(request: HttpRequest) -> HttpResponse:
    """A new macro."""
    user: User = request.user  # type: ignore[assignment]
    form = MacroForm(request.POST if request.method == "POST" else None, user=user)

    def run(**who: Any) -> Macro:
        return actions.create(form.draft, **who)

    asked = request.method == "POST" and not _looks(request, form)
    if asked and (answer := carry_out(request, form, run, done=_("Macro made"), go=reverse(HERE))):
        return answer
    return _editor(request, form, None, title=_("New macro"))


@allow(*EVERYBODY)
def macro(request: HttpRequest, macro_id: int) -> HttpResponse:
    """Change a macro; to whom it does not belong, it is only shown. Query cost: 8."""
    user: User = request.user  # type: ignore[assignment]
    one = _find(request, macro_id)
    if not actions.may_change(user, one):
        return _shown(request, one)
    form = MacroForm(request.POST if request.method == "POST" else None, user=user, row=one)

    def run(**who: Any) -> Macro:
        return actions.change(one, form.values, **who)

    asked = request.method == "POST" and not _looks(request, form)
    if asked and (answer := carry_out(request, form, run, done=_("Saved"), go=reverse(HERE))):
        return answer
    return _editor(request, form, one, title=one.label)


@require_POST
@allow(*EVERYBODY)
def look(request: HttpRequest, language: str) -> HttpResponse:
    """How the text being typed reads for an example. Writes nothing. Query cost: none beside session and user."""
    if language not in CODES:
        raise Http404
    text = request.POST.get(f"text_{language}", "")[: macros.LONGEST + 1]
    return render(request, "settings/_macro_look.html", {"look": look_at(request, text, language)})


@require_POST
@allow(*EVERYBODY)
def move(request: HttpRequest, macro_id: int) -> HttpResponse:
    """Change places with the neighbour."""
    up = request.POST.get("direction") != "down"
    run = partial(actions.move, _find(request, macro_id), up=up)
    return act(request, run, done=_("Moved"), go=reverse(HERE))


@require_safe
@allow(*EVERYBODY)
def version(request: HttpRequest, macro_id: int, number: int) -> HttpResponse:
    """What a macro said in an earlier version."""
    one = _find(request, macro_id)
    found = one.versions.filter(number=number).first()
    if found is None:
        raise Http404
    return _shown(request, one, found)


def look_at(request: HttpRequest, text: str, language: str) -> Look:
    """A text with the values of an example, and what is wrong with it."""
    rendered = macros.render(text, macro_values.of_example(language, agent=request.user))
    faults = [str(actions.FAULTS[one.code]) % {"what": one.what} for one in macros.faults(text)]
    return Look(language, languages.own_name(language).capitalize(), rendered, faults)


def _looks(request: HttpRequest, form: MacroForm) -> bool:
    """Whether somebody without scripts only wants to see how it reads."""
    if request.POST.get("do") != "look":
        return False
    form.is_valid()
    return True


def _editor(request: HttpRequest, form: MacroForm, one: Macro | None, *, title: str) -> HttpResponse:
    shown = form.shown_first
    context = {
        "form": form,
        "shown": shown,
        "look": look_at(request, form.texts[shown], shown),
        "variables": variables(),
        "versions": _versions(one) if one else [],
        "back": Link(_("Cancel"), reverse(HERE)),
    }
    return show(request, "settings/macro.html", HERE, context, title=title, status=form.http_status)


def _shown(request: HttpRequest, one: Macro, found: MacroVersion | None = None) -> HttpResponse:
    version: MacroVersion = found or one.current  # type: ignore[assignment]
    note = ""
    if found is not None:
        words = {
            "n": found.number,
            "day": languages.day(found.created_at),
            "name": name_of(found.made_by_id) or "Amends",
        }
        note = _("Version %(n)s of %(day)s, by %(name)s") % words
    context = {
        "looks": [look_at(request, version.texts[code], code) for code in CODES if version.texts.get(code)],
        "steps": macro_steps.said(version.does, name_of),
        "versions": _versions(one),
        "lead": note or _("Only those it belongs to can change it."),
        "back": Link(_("Back"), reverse("settings_macro", args=[one.pk]) if found else reverse(HERE)),
    }
    return show(request, "settings/macro_shown.html", HERE, context, title=one.label, note=note)


def variables() -> list[Variable]:
    """What can stand in double braces."""
    return list(VARIABLES.values())


def _versions(one: Macro) -> list[tuple[str, str, str]]:
    """What it was called, who and when, and where it is. Query cost: 1."""
    found = []
    for row in one.versions.order_by("-number")[:SHOWN_VERSIONS]:
        who = name_of(row.made_by_id) or "Amends"
        url = reverse("settings_macro_version", args=[one.pk, row.number]) if row.pk != one.current_id else ""
        found.append((_("Version %(n)s") % {"n": row.number}, f"{languages.day(row.created_at)}, {who}", url))
    return found


def _find(request: HttpRequest, macro_id: int) -> Macro:
    """Raises Http404 alike for what is missing and for what is somebody else's own."""
    visible = Macro.objects.visible_to(request.user).filter(current__isnull=False)  # type: ignore[arg-type]
    found = visible.select_related("current", "team").filter(pk=macro_id).first()
    if found is None:
        raise Http404
    return found
