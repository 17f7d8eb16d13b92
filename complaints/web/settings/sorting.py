"""Complaint types, root causes, themes: names in five languages, an order; types and causes on two levels (mission A1,
A11; domain, Terms)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django import forms
from django.conf import settings as house
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from complaints.actions import catalogue
from complaints.actions import themes as theme_actions
from complaints.models import ComplaintType, RootCause, Theme
from complaints.models.catalogue import UNCLASSIFIED
from complaints.web.settings import ordered
from complaints.web.settings.editing import (
    Part,
    SettingsForm,
    add_names,
    carry_out,
    joined_names,
    names_of,
    split_names,
)
from complaints.web.settings.frame import show
from complaints.web.settings.ordered import Ordered
from core.access import ADMIN, allow
from core.web.parts import Chip, Empty, Link

View = Callable[..., HttpResponse]


class NamedForm(SettingsForm):
    """A type, root cause or theme. The code is given once: imports and integrations rely on it."""

    model: Any = None
    code = forms.SlugField(
        label=gettext_lazy("Code"),
        max_length=80,
        help_text=gettext_lazy("for imports and other systems; it never changes"),
    )
    parent = forms.ChoiceField(label=gettext_lazy("Above it"), required=False)
    is_active = forms.BooleanField(label=gettext_lazy("In use"), required=False, initial=True)
    parts: tuple[Part, ...] = (
        Part(
            pgettext_lazy("of a thing", "Name"),
            names_of("name"),
            gettext_lazy("Where one is missing, the house's own language stands in."),
            "languages",
        ),
    )

    def build(self) -> None:
        add_names(self, "name", required=True)
        row: Any = self.row
        if row is not None:
            del self.fields["code"]
        if self.model is Theme:
            del self.fields["parent"]
            return
        tops = self.model.objects.filter(parent__isnull=True).exclude(code=UNCLASSIFIED)
        if row is not None:
            tops = tops.exclude(pk=row.pk)
        blank = ("", _("nothing: it stands on the upper level"))
        self.fields["parent"].choices = [blank, *((str(one.pk), one.label) for one in tops)]  # type: ignore[attr-defined]
        if row is not None and row.code == UNCLASSIFIED:
            del self.fields["parent"], self.fields["is_active"]

    def start(self, row: Any) -> dict[str, Any]:
        names = {**row.names, house.LANGUAGE_CODE: row.names.get(house.LANGUAGE_CODE) or row.name}
        return {**split_names("name", names), "parent": str(parent_of(row) or ""), "is_active": row.is_active}

    @property
    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        names = joined_names("name", given)
        values: dict[str, Any] = {"names": names, "name": names[house.LANGUAGE_CODE]}
        if "parent" in given:
            values["parent"] = self.model.objects.get(pk=given["parent"]) if given["parent"] else None
        for name in ("code", "is_active"):
            if name in given:
                values[name] = given[name]
        return values


class CauseForm(NamedForm):
    model = RootCause


class ThemeForm(NamedForm):
    model = Theme


class TypeForm(NamedForm):
    model = ComplaintType
    is_public = forms.BooleanField(
        label=gettext_lazy("Offered on the public form"), required=False,
        help_text=gettext_lazy("There it has names of its own, as a complainant would put it."),
    )  # fmt: skip
    parts = (
        *NamedForm.parts,
        Part(gettext_lazy("On the public form"), ("is_public",)),
        Part(gettext_lazy("Public name"), names_of("public"), gettext_lazy("such as: Something I bought"), "languages"),
        Part(
            gettext_lazy("Public hint"),
            names_of("hint"),
            gettext_lazy("such as: it is broken or misses a part"),
            "lines",
        ),
    )

    def build(self) -> None:
        super().build()
        add_names(self, "public", required=False)
        add_names(self, "hint", required=False, longest=200)

    def start(self, row: Any) -> dict[str, Any]:
        public = {**split_names("public", row.public_names), **split_names("hint", row.public_hints)}
        return {**super().start(row), **public, "is_public": row.is_public}

    @property
    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        public = {"public_names": joined_names("public", given), "public_hints": joined_names("hint", given)}
        return {**super().values, **public, "is_public": given["is_public"]}


@dataclass(frozen=True, slots=True)
class Kind:
    """Which of the three lists. `name` begins the names of its pages; `actions`: what makes, changes, moves a row."""

    name: str
    model: Any
    form: type[NamedForm]
    new: str | Promise
    lead: str | Promise
    actions: Any = catalogue

    @property
    def here(self) -> str:
        return f"{self.name}s"


TYPES = Kind(
    "settings_type", ComplaintType, TypeForm, gettext_lazy("New type"),
    gettext_lazy("Two levels. A type that was used is never deleted: take it out of use, and old complaints keep it."),
)  # fmt: skip
CAUSES = Kind(
    "settings_cause", RootCause, CauseForm, gettext_lazy("New root cause"),
    gettext_lazy("Two levels. Nothing is resolved without a root cause; “unclassified” is none."),
)  # fmt: skip


THEMES = Kind(
    "settings_theme", Theme, ThemeForm, gettext_lazy("New theme"),
    gettext_lazy("What recurs, whatever the type or cause. Taken out of use, a theme stays on the cases that have it."),
    theme_actions,
)  # fmt: skip


def parent_of(row: Any) -> int | None:
    """The key of what stands above it; themes have one level."""
    return getattr(row, "parent_id", None)


def rows(kind: Kind) -> list[Ordered]:
    """The tree in its order. Query cost: 1."""
    found = list(kind.model.objects.order_by("position", "name", "pk"))
    shown: list[Ordered] = []
    tops = [(top, _row(kind, top, 1)) for top in found if parent_of(top) is None]
    ordered.mark_ends([row for _top, row in tops])
    for top, row in tops:
        below = ordered.mark_ends([_row(kind, one, 2) for one in found if parent_of(one) == top.pk])
        shown += [row, *below]
    return shown


def _row(kind: Kind, one: Any, level: int) -> Ordered:
    chips = [] if one.is_active else [Chip(_("not in use"), "pause")]
    if getattr(one, "is_public", False):
        chips.append(Chip(_("on the public form"), icon="web"))
    missing = [code for code, _name in house.LANGUAGES if code not in one.names]
    if missing:
        chips.append(Chip(_("no name in: %(languages)s") % {"languages": ", ".join(missing)}, "risk"))
    return Ordered(
        key=str(one.pk),
        name=one.label,
        note=one.code,
        url=reverse(kind.name, args=[one.pk]),
        move_url=reverse(f"{kind.name}_move", args=[one.pk]),
        chips=chips,
        level=level,
    )


def index_of(kind: Kind) -> View:
    @require_safe
    @allow(ADMIN)
    def index(request: HttpRequest) -> HttpResponse:
        """The tree. Query cost: 1 beside session and user."""
        new = Link(str(kind.new), reverse(f"{kind.name}_new"), "plus", primary=True)
        context = {
            "rows": rows(kind),
            "lead": kind.lead,
            "empty": Empty("nothing", _("Nothing here yet"), "", [new]),
            "label": _("In this order"),
        }
        return show(request, "settings/ordered.html", kind.here, context, tools=(new,))

    return index


def new_of(kind: Kind) -> View:
    @allow(ADMIN)
    def new(request: HttpRequest) -> HttpResponse:
        """One more, behind all others."""
        form = kind.form(request.POST if request.method == "POST" else None)

        def run(**who: Any) -> Any:
            return kind.actions.create(kind.model(**form.values), **who)

        if request.method == "POST" and (
            answer := carry_out(request, form, run, done=_("Made"), go=reverse(kind.here))
        ):
            return answer
        context = {"form": form, "back": Link(_("Cancel"), reverse(kind.here))}
        return show(request, "settings/form.html", kind.here, context, title=str(kind.new), status=form.http_status)

    return new


def edit_of(kind: Kind) -> View:
    @allow(ADMIN)
    def edit(request: HttpRequest, row_id: int) -> HttpResponse:
        """Change one."""
        row = _find(kind, row_id)
        form = kind.form(request.POST if request.method == "POST" else None, row=row)

        def run(**who: Any) -> Any:
            return kind.actions.change(row, form.values, **who)

        if request.method == "POST" and (
            answer := carry_out(request, form, run, done=_("Saved"), go=reverse(kind.here))
        ):
            return answer
        context = {
            "form": form,
            "lead": _("Code: %(code)s") % {"code": row.code},
            "back": Link(_("Cancel"), reverse(kind.here)),
        }
        return show(request, "settings/form.html", kind.here, context, title=row.label, status=form.http_status)

    return edit


def move_of(kind: Kind) -> View:
    @require_POST
    @allow(ADMIN)
    def move(request: HttpRequest, row_id: int) -> HttpResponse:
        """Change places with the neighbour above or below on the same level."""
        run = partial(kind.actions.move, _find(kind, row_id))
        return ordered.move(request, run, partial(rows, kind), label=_("In this order"), go=reverse(kind.here))

    return move


def _find(kind: Kind, row_id: int) -> Any:
    row = kind.model.objects.filter(pk=row_id).first()
    if row is None:
        raise Http404
    return row
