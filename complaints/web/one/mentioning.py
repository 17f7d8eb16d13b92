"""Mentions on the case page: whom one can name, and who would not see the case yet."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from complaints import mentions
from complaints.mentions import TEAM, USER
from complaints.models import Complaint
from complaints.web.names import colleagues, teams
from complaints.web.one import case
from core.access import CASES, allow
from core.models import User

MOST = 8
LONGEST = 4_000


@require_safe
@allow(*CASES)
def mentionable(request: HttpRequest, reference: str) -> JsonResponse:
    """People and teams whose name begins like `q`; `blind`: who is named in `text` and would not see the case yet.

    Query cost: 2 beside session and user; of what was never asked for nothing is looked up.
    """
    complaint = case.find(request, reference)
    typed = " ".join(request.GET.get("q", "").casefold().split())[:80]
    seeing = see(complaint)
    found = _found(typed, seeing) if "q" in request.GET else []
    text = request.GET.get("text", "")[:LONGEST]
    named = mentions.people_of(mentions.found_in(text)) if "@" in text else {}
    known = colleagues()
    blind = sorted(known[pk].name for pk in named if pk not in seeing and pk in known)
    said = ""
    if blind:
        said = _("They see this case from then on and follow it: %(names)s") % {"names": ", ".join(blind)}
    return JsonResponse({"results": found, "blind": said})


def see(complaint: Complaint) -> set[int]:
    """Everybody who sees the case, as `visible_to` says, asked the other way round. Query cost: 1."""
    can = Q(is_manager=True) | Q(pk=complaint.owner_id) | Q(watches__complaint=complaint.pk)
    if complaint.team_id is not None:
        can |= Q(is_agent=True, team=complaint.team_id) | Q(leads=complaint.team_id, leads__is_active=True)
    return set(User.objects.who_take_cases().filter(can).values_list("pk", flat=True))


def _found(typed: str, seeing: set[int]) -> list[dict[str, Any]]:
    """At most MOST of those who fit: who sees the case first."""
    known, names, directory = colleagues(), teams(), mentions.directory()
    usernames = {key: name for name, (kind, key) in directory.names.items() if kind == USER}
    rows = []
    for one in known.values():
        if not one.takes_cases or not _begins(typed, one.name, usernames.get(one.id, "")):
            continue
        unique = directory.names.get(" ".join(one.name.casefold().split())) == (USER, one.id)
        insert = one.name if unique else usernames.get(one.id, one.name)
        about = [] if unique else [usernames.get(one.id, "")]
        about += [names[one.team_id]] if one.team_id in names else []
        rows.append(
            {"kind": USER, "insert": insert, "label": one.name, "about": " · ".join(about), "sees": one.id in seeing}
        )
    rows.sort(key=lambda row: (not row["sees"], str(row["label"])))
    for key in directory.members:
        name = names.get(key, "")
        if name and _begins(typed, name):
            inside = directory.members[key]
            rows.append(
                {"kind": TEAM, "insert": name, "label": name, "about": _("the whole team"), "sees": inside <= seeing}
            )
    return rows[:MOST]


def _begins(typed: str, *names: str) -> bool:
    """Whether a name, or one of its words, begins so."""
    for name in names:
        plain = name.casefold()
        if plain.startswith(typed) or any(word.startswith(typed) for word in plain.split()):
            return True
    return False
