"""Playbooks in the settings: the list, one with its draft, its names and texts, publishing (mission A6).

Every button works without JavaScript; `seen` is the playbook's version that the page showed (cases F24, F25).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.db.models import OuterRef, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from complaints import markup
from complaints.actions import playbooks as actions
from complaints.models import ComplaintType, Playbook, PlaybookVersion
from complaints.playbooks import memory, reading
from complaints.playbooks.content import CODES, HOUSE, differences, said, spoken_in
from complaints.reference import catalogue
from complaints.web.handbook import knowledge
from complaints.web.settings import choices
from complaints.web.settings.editing import Part, SettingsForm, carry_out, joined_names, names_of, split_names
from complaints.web.settings.frame import in_use, show
from complaints.web.settings.press import Press, press
from core import languages
from core.access import ADMIN, MANAGER, allow
from core.web.fields import Line, Paragraphs
from core.web.parts import Cell, Chip, Column, Empty, Link

HERE = "settings_playbooks"


class NamesForm(SettingsForm):
    """What a playbook is called, in five languages."""

    is_active = forms.BooleanField(
        label=gettext_lazy("In use"), required=False,
        help_text=gettext_lazy("Out of use, its complaints follow the playbook of the type above, or the general one."),
    )  # fmt: skip

    def build(self) -> None:
        add_texts(self, "name", gettext_lazy("Name"), longest=actions.MOST_NAME)
        self.parts = (Part(pgettext_lazy("of a thing", "Name"), names_of("name"), look="languages"),)

    def start(self, row: Any) -> dict[str, Any]:
        return {"is_active": row.is_active, **split_names("name", row.names or {HOUSE: row.name})}


class NewForm(NamesForm):
    """A new playbook: for which complaints, and its name."""

    type = forms.ChoiceField(
        label=gettext_lazy("For complaints of this type"), required=False,
        help_text=gettext_lazy("It begins as a copy of what such complaints follow now."),
    )  # fmt: skip

    def build(self) -> None:
        super().build()
        del self.fields["is_active"]
        self.fields["type"].choices = _free_types()  # type: ignore[attr-defined]
        self.order_fields(["type", *names_of("name")])


class TextsForm(SettingsForm):
    """What the customer is told, and whether open steps hold back resolving."""

    blocks_resolving = forms.BooleanField(
        label=gettext_lazy("Required steps hold back resolving"), required=False,
        help_text=gettext_lazy("Without it, open steps are only pointed out."),
    )  # fmt: skip

    def build(self) -> None:
        for code in CODES:
            label = languages.own_name(code).capitalize()
            field = Paragraphs(label=label, max_length=actions.MOST_CUSTOMER, rows=8, required=False)
            field.widget.attrs["lang"] = code
            self.fields[f"customer_part_{code}"] = field
        hint = gettext_lazy("It can be sent as a message from the case. **Bold**, lists and [links](https://...) work.")
        self.parts = (Part(gettext_lazy("What we tell the customer"), names_of("customer_part"), hint),)

    def start(self, row: Any) -> dict[str, Any]:
        draft = draft_of(row)
        return {
            "blocks_resolving": draft.blocks_resolving,
            **split_names("customer_part", draft.customer_part),
        }

    @property
    def values(self) -> dict[str, Any]:
        given = super().values
        return {
            "blocks_resolving": given["blocks_resolving"],
            "customer_part": joined_names("customer_part", given),
        }


class PublishForm(SettingsForm):
    """One line for those who must read it."""

    ids = "publish_%s"
    what_changed = Line(
        label=gettext_lazy("What changed, in a line"), max_length=actions.MOST_CHANGED, required=False,
        help_text=gettext_lazy("Everybody who takes cases sees it first, and confirms having read the new version."),
    )  # fmt: skip

    def start(self, row: Any) -> dict[str, Any]:
        return {"what_changed": ""}


def add_texts(form: SettingsForm, prefix: str, label: Any, *, longest: int) -> None:
    """A line in each language; only that of the house can be demanded."""
    for code in CODES:
        field = Line(label=languages.own_name(code), max_length=longest, required=code == HOUSE)
        field.widget.attrs["lang"] = code
        form.fields[f"{prefix}_{code}"] = field


def _free_types() -> choices.Choices:
    """Types without a playbook of their own; nothing: the general one, where there is none. Query cost: 2."""
    taken = set(Playbook.objects.values_list("type", flat=True))
    free = [(value, name) for value, name in choices.types(blank="") if value and int(value) not in taken]
    return [("", _("every complaint without one of its own")), *free] if None not in taken else free


def find(playbook_id: int) -> Playbook:
    one = Playbook.objects.filter(pk=playbook_id).first()
    if one is None:
        raise Http404
    return one


def draft_of(one: Playbook) -> PlaybookVersion:
    """The draft. Raises Http404 without one. Query cost: 1."""
    found = actions.draft_of(one)
    if found is None:
        raise Http404
    return found


@require_safe
@allow(ADMIN, MANAGER)
def index(request: HttpRequest) -> HttpResponse:
    """All playbooks: for which complaints, which version is in force, who has read it. Query cost: 5."""
    drafts = PlaybookVersion.objects.filter(playbook=OuterRef("pk"), published_at__isnull=True)
    rows = []
    types = catalogue().types_by_id
    found = list(Playbook.objects.annotate(draft=Subquery(drafts.values("number")[:1])))
    found.sort(key=lambda one: (one.type_id is not None, types[one.type_id].position if one.type_id in types else 0))
    for one in found:
        edition = memory.edition_of(one.pk)
        chips = Chip(in_use(one.is_active), "met" if one.is_active else "pause")
        about = types[one.type_id].path if one.type_id in types else _("every complaint without one of its own")
        rows.append(
            [
                Cell(one.label, "head", reverse("settings_playbook", args=[one.pk])),
                Cell(about),
                Cell(chips, "chip"),
                Cell(str(edition.number) if edition else languages.DASH, "num"),
                Cell(str(len(edition.steps)) if edition else languages.DASH, "num"),
                Cell(_("draft of version %(n)s") % {"n": one.draft} if one.draft else ""),
            ]
        )
    context = {
        "lead": _("What to do in which order, beside every case. Types without a playbook follow the one above."),
        "columns": [
            Column(_("Playbook")),
            Column(_("For")),
            Column(_("State")),
            Column(_("Version"), end=True),
            Column(_("Steps"), end=True),
            Column(_("Draft")),
        ],
        "rows": rows,
        "empty": Empty("nothing", _("No playbooks yet"), _("The first one can hold for all complaints."), []),
    }
    tools = (Link(_("New playbook"), reverse("settings_playbook_new"), "plus", primary=True),)
    return show(request, "settings/list.html", HERE, context, tools=tools)


@allow(ADMIN, MANAGER)
def new(request: HttpRequest) -> HttpResponse:
    """A playbook with its first draft."""
    form = NewForm(request.POST if request.method == "POST" else None)

    def run(**who: Any) -> Playbook:
        given = form.values
        chosen = ComplaintType.objects.get(pk=int(given["type"])) if given["type"] else None
        return actions.create(joined_names("name", given), type=chosen, **who)

    def go(made: Playbook) -> str:
        return reverse("settings_playbook", args=[made.pk])

    if request.method == "POST" and (answer := carry_out(request, form, run, done=_("Draft begun"), go=go)):
        return answer
    context = {"form": form, "submit": _("Begin the draft"), "back": Link(_("Cancel"), reverse(HERE))}
    return show(request, "settings/form.html", HERE, context, title=_("New playbook"), status=form.http_status)


@require_safe
@allow(ADMIN, MANAGER)
def playbook(request: HttpRequest, playbook_id: int) -> HttpResponse:
    """One playbook: its draft to edit, or what is in force; how it will read, and what the draft changes."""
    return page(request, find(playbook_id))


def page(
    request: HttpRequest, one: Playbook, *, publishing: PublishForm | None = None, fragment: bool = False
) -> HttpResponse:
    """The page; with `fragment` only its list of steps. Query cost: at most 8."""
    draft, last = actions.draft_of(one), actions.newest(one)
    shown = draft or last
    language = request.GET.get("language", "")
    language = language if language in CODES else languages.code()
    here = reverse("settings_playbook", args=[one.pk])
    whole = memory.whole_of(shown) if shown is not None else None
    steps = [knowledge.read_step(step, language) for step in whole.steps] if whole is not None else []
    context: dict[str, Any] = {
        "playbook": one,
        "here": here,
        "seen": one.version,
        "is_draft": draft is not None,
        "note": _note(draft, last),
        "about": catalogue().types_by_id[one.type_id].path
        if one.type_id in catalogue().types_by_id
        else _("every complaint without one of its own"),
        "in_use": one.is_active,
        "steps": [
            {
                **step,
                "number": number,
                "url": reverse("settings_step", args=[one.pk, step["key"]]),
                "move_url": reverse("settings_step_move", args=[one.pk, step["key"]]),
                "first": number == 1,
                "last": number == len(steps),
            }
            for number, step in enumerate(steps, start=1)
        ],
        "customer": markup.render(said(whole.customer_part, language)) if whole else "",
        "customer_lang": spoken_in(whole.customer_part, language) if whole else "",
        "blocks": whole.blocks_resolving if whole else False,
        "tongues": tongues(here, language),
        "differences": knowledge.worded(differences(memory.whole_of(last), memory.whole_of(draft)))
        if draft is not None and last is not None
        else [],
        "compared": draft is not None and last is not None,
        "publishing": publishing or (PublishForm(row=one) if draft is not None else None),
        "press": Press(),
        "readings": _readings(request, one, last),
    }
    if last is not None and context["publishing"] is not None:
        context["publishing"].fields["what_changed"].required = True
    if fragment:
        return render(request, "settings/_playbook_steps.html", context)
    tools = [Link(_("Name"), reverse("settings_playbook_name", args=[one.pk]))]
    if last is not None:
        tools.insert(0, Link(_("As everybody reads it"), reverse("knowledge_playbook", args=[one.pk]), "book"))
    status = publishing.http_status if publishing is not None else 200
    return show(request, "settings/playbook.html", HERE, context, title=one.label, tools=tuple(tools), status=status)


def tongues(here: str, language: str) -> list[Link]:
    """In which language the texts are shown."""
    return [Link(languages.own_name(code), f"{here}?language={code}", current=code == language) for code in CODES]


def _note(draft: PlaybookVersion | None, last: PlaybookVersion | None) -> str:
    if draft is not None and last is not None:
        words = {"n": draft.number, "old": last.number}
        return _("Draft of version %(n)s. Version %(old)s stays in force until it is published.") % words
    if draft is not None:
        return _("Draft of version %(n)s. Until it is published nobody sees it beside a case.") % {"n": draft.number}
    if last is not None and last.published_at is not None:
        words = {"n": last.number, "day": languages.day(last.published_at)}  # type: ignore[dict-item]
        return _("Version %(n)s is in force since %(day)s.") % words
    return _("Nothing is written yet.")


def _readings(request: HttpRequest, one: Playbook, last: PlaybookVersion | None) -> dict[str, Any] | None:
    """How many have confirmed the version in force."""
    if last is None or not one.is_active:
        return None
    standing = reading.standing(reading.PLAYBOOK, last.pk, request.user)  # type: ignore[arg-type]
    everybody = sum(len(team.readers) for team in standing)
    done = sum(team.confirmed for team in standing)
    return {
        "words": _("%(done)s of %(all)s have confirmed version %(n)s")
        % {"done": languages.number(done), "all": languages.number(everybody), "n": last.number},
        "url": reverse("settings_playbook_readings", args=[one.pk]),
    }


@allow(ADMIN, MANAGER)
def name(request: HttpRequest, playbook_id: int) -> HttpResponse:
    """Its names, and whether it is in use."""
    one = find(playbook_id)
    form = NamesForm(request.POST if request.method == "POST" else None, row=one)

    def run(**who: Any) -> Playbook:
        given = form.values
        return actions.change(one, {"names": joined_names("name", given), "is_active": given["is_active"]}, **who)

    here = reverse("settings_playbook", args=[one.pk])
    if request.method == "POST" and (answer := carry_out(request, form, run, done=_("Saved"), go=here)):
        return answer
    context = {"form": form, "back": Link(_("Cancel"), here)}
    return show(request, "settings/form.html", HERE, context, title=one.label, status=form.http_status)


@allow(ADMIN, MANAGER)
def texts(request: HttpRequest, playbook_id: int) -> HttpResponse:
    """What the draft tells the customer, and whether it holds back resolving."""
    one = find(playbook_id)
    draft_of(one)
    form = TextsForm(request.POST if request.method == "POST" else None, row=one)

    def run(**who: Any) -> PlaybookVersion:
        return actions.save_draft(one, **form.values, **who)

    here = reverse("settings_playbook", args=[one.pk])
    if request.method == "POST" and (answer := carry_out(request, form, run, done=_("Saved in the draft"), go=here)):
        return answer
    context = {"form": form, "submit": _("Save in the draft"), "back": Link(_("Cancel"), here)}
    title = _("%(name)s: for the customer") % {"name": one.label}
    return show(request, "settings/form.html", HERE, context, title=title, status=form.http_status)


@require_POST
@allow(ADMIN, MANAGER)
def begin(request: HttpRequest, playbook_id: int) -> HttpResponse:
    """Copy what is in force into a draft."""
    return _press(request, find(playbook_id), actions.begin_draft)


@require_POST
@allow(ADMIN, MANAGER)
def discard(request: HttpRequest, playbook_id: int) -> HttpResponse:
    """Throw the draft away."""
    return _press(request, find(playbook_id), actions.discard_draft, done=_("Draft discarded"))


def _press(request: HttpRequest, one: Playbook, run: Callable[..., Any], *, done: str = "") -> HttpResponse:
    here = reverse("settings_playbook", args=[one.pk])

    def act(sent: Press, **who: Any) -> Any:
        return run(one, seen=sent.known, **who)

    return press(request, act, done=done, go=here, back=here)


@require_POST
@allow(ADMIN, MANAGER)
def publish(request: HttpRequest, playbook_id: int) -> HttpResponse:
    """Put the draft in force, and tell everybody who takes cases."""
    one = find(playbook_id)
    form = PublishForm(request.POST, row=one)

    def run(**who: Any) -> PlaybookVersion:
        return actions.publish(one, what_changed=form.values["what_changed"], **who)

    here = reverse("settings_playbook", args=[one.pk])
    done = _("Published. Everybody who takes cases is told.")
    if answer := carry_out(request, form, run, done=done, go=here):
        return answer
    return page(request, find(playbook_id), publishing=form)
