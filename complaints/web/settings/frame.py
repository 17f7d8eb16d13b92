"""The frame of the settings pages: which places there are, who may open them, and how a page is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.access import ADMIN, MANAGER
from core.api import guide
from core.models import User
from core.web.parts import Link

PAGE = 50
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Place:
    """One page of the settings. `name`: its URL; `manager`: managers may open it too; `all`: whoever handles cases."""

    name: str
    title: str | Promise
    note: str | Promise
    icon: str
    manager: bool = False
    all: bool = False


PLACES = {
    place.name: place
    for place in (
        Place(
            "settings_users",
            gettext_lazy("Users"),
            gettext_lazy("Who works here, in which role, and who is away."),
            "person",
        ),
        Place(
            "settings_teams",
            gettext_lazy("Teams"),
            gettext_lazy("Who works together, and who leads."),
            "team",
        ),
        Place(
            "settings_types",
            gettext_lazy("Complaint types"),
            gettext_lazy("What complaints are about, in five languages."),
            "filter",
        ),
        Place(
            "settings_causes",
            gettext_lazy("Root causes"),
            gettext_lazy("Why things go wrong, in five languages."),
            "search",
        ),
        Place(
            "settings_themes",
            gettext_lazy("Themes"),
            gettext_lazy("What recurs, whatever the type or cause, in five languages."),
            "flag",
        ),
        Place(
            "settings_channels",
            gettext_lazy("Channels"),
            gettext_lazy("How complaints reach us."),
            "inbox",
        ),
        Place(
            "settings_rules",
            gettext_lazy("Routing"),
            gettext_lazy("Which team gets which complaint."),
            "merge",
        ),
        Place(
            "settings_macros",
            gettext_lazy("Macros"),
            gettext_lazy("Words prepared for answers, in the customer’s language."),
            "macro",
            manager=True,
            all=True,
        ),
        Place(
            "settings_sla",
            gettext_lazy("Deadlines"),
            gettext_lazy("Policies, what they give, and working hours."),
            "clock",
            manager=True,
        ),
        Place(
            "settings_authority",
            gettext_lazy("Authority"),
            gettext_lazy("Who may grant how much, and what needs approval."),
            "scale",
            manager=True,
        ),
        Place(
            "settings_playbooks",
            gettext_lazy("Playbooks"),
            gettext_lazy("What is to be done, step by step, for each type of complaint."),
            "check",
            manager=True,
        ),
        Place(
            "settings_knowledge",
            gettext_lazy("Knowledge"),
            gettext_lazy("Policies, procedures, product updates and answers, in five languages."),
            "book",
            manager=True,
        ),
        Place(
            "settings_packs",
            gettext_lazy("Rule packs"),
            gettext_lazy("Deadlines, texts and fields that a law asks for."),
            "shield",
            manager=True,
        ),
        Place(
            "settings_surveys",
            gettext_lazy("Surveys"),
            gettext_lazy("Whom we ask after a complaint, when, and in which words."),
            "heart",
            manager=True,
        ),
        Place(
            "settings_targets",
            gettext_lazy("Targets"),
            gettext_lazy("What each figure of the dashboard is aimed at."),
            "flag",
            manager=True,
        ),
        Place(
            "settings_imports",
            gettext_lazy("Imports"),
            gettext_lazy("Customers, purchases and survey answers from files."),
            "download",
            manager=True,
        ),
        Place(
            "settings_exports",
            gettext_lazy("Exports"),
            gettext_lazy("Whole lists as files, for spreadsheets and other systems."),
            "download",
            manager=True,
        ),
        Place(
            "settings_organisation",
            gettext_lazy("Organisation"),
            gettext_lazy("Name, default owner, public texts."),
            "globe",
        ),
        Place(
            "settings_tokens",
            gettext_lazy("API tokens"),
            gettext_lazy("Keys for other systems."),
            "key",
        ),
        Place(
            "settings_webhooks",
            gettext_lazy("Webhooks"),
            gettext_lazy("Other systems that are told of events."),
            "api",
        ),
        Place(
            "settings_mail",
            gettext_lazy("Mail"),
            gettext_lazy("What left the house, what waits, what failed."),
            "email",
            manager=True,
        ),
        Place(
            "settings_trail",
            gettext_lazy("Changes"),
            gettext_lazy("Who changed which setting, when, and from what to what."),
            "trail",
        ),
    )
}


def places(user: User) -> list[Place]:
    """The pages this user may open."""
    if ADMIN in user.roles:
        return list(PLACES.values())
    return [place for place in PLACES.values() if place.all or (place.manager and MANAGER in user.roles)]


def show(
    request: HttpRequest,
    template: str,
    here: str,
    context: dict[str, Any],
    *,
    title: str = "",
    note: str = "",
    tools: tuple[Link, ...] = (),
    status: int = 200,
) -> HttpResponse:
    """A page under `here`; with a `title` of its own it is one step below and leads back."""
    user: User = request.user  # type: ignore[assignment]
    place = PLACES[here]
    up = Link(str(place.title), reverse(here)) if title else None
    frame = {
        "title": title or str(place.title),
        "note": note or ("" if title else str(place.note)),
        "nav": [Link(str(one.title), reverse(one.name), current=one.name == here) for one in places(user)],
        "up": up,
        "tools": tools,
    }
    return render(request, template, {**frame, **context}, status=status)


def words_of(request: HttpRequest, name: str = "q") -> str:
    """What was searched for: one line, of a length that makes sense."""
    text = " ".join(request.GET.get(name, "").split())[:LONGEST]
    return "".join(char for char in text if char.isprintable() and not "\ud800" <= char <= "\udfff")


def key_of(request: HttpRequest, name: str) -> int | None:
    """A primary key in the query string; None for anything else."""
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def in_use(is_active: bool) -> str:
    return _("in use") if is_active else _("not in use")


def guide_link(page: str = guide.FIRST) -> Link:
    """To a page of the guide for those who connect other systems."""
    return Link(_("API guide"), guide.address_of(page), "book")
