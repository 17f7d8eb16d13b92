"""The pages and forms of saved views: save, rename, order, throw away with undo (ux, Agent's desk 8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from complaints.actions import views
from complaints.models import SavedView
from complaints.web.many import queue, saved, undo
from complaints.web.names import teams
from core.access import CASES, MANAGER, allow
from core.actor import Actor
from core.clock import now
from core.errors import DomainError, InvalidInput
from core.models import Team, User
from core.web.once import Repeated, answered, claim, fresh

Circles = list[tuple[str, str]]


def door(user: User, asked: queue.Asked) -> dict[str, Any]:
    """The form beside the filters that keeps the list under a name. Query cost: that of the reader's views."""
    params = QueryDict(mutable=True)
    params.update(asked.plain())
    mine = [one for one in saved.of(user) if one.may_change]
    first = asked.saved.pk if asked.saved and asked.saved.may_change else None
    return {
        "url": reverse("saved_views"),
        "query": params.urlencode(),
        "circles": circles(user),
        "replaceable": [(one.pk, one.name, one.pk == first) for one in mine],
        "nonce": fresh(),
        "any": bool(saved.of(user)),
    }


def circles(user: User) -> Circles:
    """For whom somebody may save views, as (value, words). No query once the roles are known."""
    allowed = views.may_make(user)
    found = [(views.ME, _("Only me"))]
    if views.TEAM in allowed:
        led = teams().items() if MANAGER in user.roles else [(pk, teams().get(pk, "")) for pk in user.led_team_ids]
        found += [(f"{views.TEAM}:{pk}", _("Team: %(name)s") % {"name": name}) for pk, name in led]
    if views.ALL in allowed:
        found.append((views.ALL, _("Everybody")))
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@allow(*CASES)
def index(request: HttpRequest) -> HttpResponse:
    """All views the reader has; POST saves the list named by `query` as a new one, or over the one in `replace`."""
    if request.method != "POST":
        return page(request)
    user: User = request.user  # type: ignore[assignment]
    try:
        with transaction.atomic():
            row = claim(request, request.POST.get("nonce", "")[:64], at=now())
            view = _kept(request, user)
            url = f"{reverse('queue')}?view={saved.PREFIX}{view.pk}"
            answered(row, url)
    except Repeated as earlier:
        return HttpResponseRedirect(earlier.location or reverse("saved_views"))
    except DomainError as refusal:
        return page(request, refusal=refusal)
    saved.touched(request)
    undo.offer(request, _("View saved: %(name)s") % {"name": view.name})
    return HttpResponseRedirect(url)


def _kept(request: HttpRequest, user: User) -> SavedView:
    """What the form asks for, written. Raises DomainError."""
    asked = queue.ask(QueryDict(request.POST.get("query", "")), user)
    if asked.problems:
        raise InvalidInput(" ".join(asked.problems), code="invalid_query")
    by, at = Actor.of(request), now()
    if replaced := request.POST.get("replace", ""):
        view = find(user, int(replaced) if replaced.isascii() and replaced.isdigit() and len(replaced) < 19 else 0)
        return views.change(view, {"query": asked.plain()}, by=by, at=at)
    circle, _colon, team = request.POST.get("circle", views.ME).partition(":")
    found = Team.objects.filter(pk=int(team)).first() if team.isascii() and team.isdigit() and len(team) < 19 else None
    name = request.POST.get("name", "")
    return views.save(by=by, at=at, name=name, query=asked.plain(), circle=circle, team=found)


def page(request: HttpRequest, *, refusal: DomainError | None = None) -> HttpResponse:
    """The list of views, with what was refused and the form as it was typed."""
    user: User = request.user  # type: ignore[assignment]
    saved.look(request)
    status = 200 if refusal is None else 422 if refusal.status == 400 else refusal.status
    known = saved.of(user)
    words = dict(circles(user))
    context = {
        "groups": [
            (_circle_words(circle), [one for one in known if one.circle == circle])
            for circle in views.CIRCLES
            if any(one.circle == circle for one in known)
        ],
        "teams": teams(),
        "refusal": str(refusal) if refusal else "",
        "typed": request.POST if refusal else None,
        "circles": list(words.items()),
        "nonce": fresh(),
        "queue_url": reverse("queue"),
    }
    return render(request, "complaints/views.html", context, status=status)


def _circle_words(circle: str) -> str:
    return {views.ME: _("Mine"), views.TEAM: _("Of my teams"), views.ALL: _("Everybody's")}[circle]


@require_POST
@allow(*CASES)
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename a view."""
    return _changed(request, pk, lambda view, **who: views.change(view, {"name": request.POST.get("name", "")}, **who))


@require_POST
@allow(*CASES)
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """One place up or down among its like."""
    return _changed(
        request, pk, lambda view, **who: views.move(view, up=request.POST.get("direction") != "down", **who)
    )


@require_POST
@allow(*CASES)
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw a view away; the next page offers to bring it back."""
    answer = _changed(request, pk, views.remove)
    if answer.status_code == 302:
        name = SavedView.objects.values_list("name", flat=True).get(pk=pk)
        said = _("View removed: %(name)s") % {"name": name}
        undo.offer(request, said, reverse("saved_view_restoration", args=[pk]))
    return answer


@require_POST
@allow(*CASES)
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Bring a view back."""
    return _changed(request, pk, views.restore, removed=True)


def _changed(request: HttpRequest, pk: int, run: Callable[..., Any], *, removed: bool = False) -> HttpResponse:
    """Carry out `run(view, by=, at=)` on a view the reader has. Raises Http404 for others."""
    user: User = request.user  # type: ignore[assignment]
    view = find(user, pk, removed=removed)
    try:
        run(view, by=Actor.of(request), at=now())
    except DomainError as refusal:
        return page(request, refusal=refusal)
    saved.touched(request)
    return HttpResponseRedirect(reverse("saved_views"))


def find(user: User, pk: int, *, removed: bool = False) -> SavedView:
    """A view the reader has; with `removed` also one that was thrown away. Raises Http404. Query cost: 1."""
    found: SavedView | None = saved.visible(user, removed=removed).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found
