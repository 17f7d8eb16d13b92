"""Who has confirmed having read a version, by team: for managers everybody, for leads their own teams (mission A6)."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from complaints.actions import playbooks as playbook_actions
from complaints.models import Playbook
from complaints.playbooks import reading
from complaints.playbooks.content import said
from core import languages
from core.access import ADMIN, LEAD, MANAGER, allow
from core.web.parts import Person


@require_safe
@allow(LEAD, MANAGER, ADMIN)
def playbook(request: HttpRequest, playbook_id: int) -> HttpResponse:
    """The readers of the version in force. Query cost: 5 beside the frame's."""
    one = Playbook.objects.filter(pk=playbook_id).first()
    version = playbook_actions.newest(one) if one is not None else None
    if one is None or version is None:
        raise Http404
    return _show(request, reading.PLAYBOOK, one.label, version, reverse("knowledge_playbook", args=[one.pk]))


@require_safe
@allow(LEAD, MANAGER, ADMIN)
def article(request: HttpRequest, article_id: int) -> HttpResponse:
    """The readers of the version in force. Query cost: 5 beside the frame's."""
    version = reading.newest_article(article_id)
    if version is None:
        raise Http404
    return _show(
        request, reading.ARTICLE, said(version.titles), version, reverse("knowledge_article", args=[article_id])
    )


def _show(request: HttpRequest, kind: str, title: str, version: Any, back: str) -> HttpResponse:
    teams = reading.standing(kind, version.pk, request.user)  # type: ignore[arg-type]
    context = {
        "title": title,
        "back": back,
        "note": _("Version %(n)s, in force since %(day)s")
        % {"n": version.number, "day": languages.day(version.published_at)},
        "teams": [_team(team) for team in teams],
        "own_only": not request.user.roles & {MANAGER, ADMIN},  # type: ignore[union-attr]
    }
    return render(request, "knowledge/readings.html", context)


def _team(team: reading.TeamReaders) -> dict[str, Any]:
    """Those who have not confirmed come first."""
    readers = sorted(team.readers, key=lambda reader: reader.at is not None)
    return {
        "name": team.team.name if team.team is not None else _("in no team"),
        "count": _("%(done)s of %(all)s") % {"done": team.confirmed, "all": len(readers)},
        "done": team.confirmed,
        "all": len(readers),
        "readers": [
            {
                "person": Person.of(one.user.pk, str(one.user)),
                "when": languages.moment(one.at) if one.at is not None else "",
            }
            for one in readers
        ],
    }
