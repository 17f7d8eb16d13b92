"""The case page: everything about one complaint on one screen (mission B3, D1; ux, Agent's desk 1, 3, 9)."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Exists, OuterRef, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from complaints.models import ChannelCode, Complaint, Kind, Narrative, Severity, Status, Watch
from complaints.reference import catalogue
from complaints.web import composed
from complaints.web.composed import Composed, Somebody
from complaints.web.handbook import playbook_panel
from complaints.web.many import desk, queue, strip
from complaints.web.many.queue import Reader
from complaints.web.names import name_of, person_of
from complaints.web.one import (
    acts,
    clockface,
    composing,
    deciding,
    files,
    merging,
    outcome,
    ownership,
    presence,
    promises,
    statutory,
    story,
    theming,
    timeline,
    waits,
)
from complaints.web.one.composing import Refused
from complaints.web.one.story import EARLIER
from complaints.web.one.told import Step, Story
from core import languages
from core.access import CASES, LEAD, MANAGER, allow
from core.clock import now
from core.instants import instant_or
from core.models import User
from core.references import status_token
from core.web.once import fresh
from core.web.parts import Link, Person
from retention.models import Customer, Tenure
from retention.models.customers import CONTACT_KINDS, EMAIL, PHONE, POSTAL, SOCIAL

EARLIER_SHOWN = 5
ENDED = (Status.CLOSED, Status.WITHDRAWN, Status.MERGED)
READ: list[tuple[Any, list[str]]] = [
    (model, [column.attname for column in model._meta.concrete_fields]) for model in (Complaint, Customer, Narrative)
]
TONES = {Status.NEW: "risk", Status.WAITING: "pause", Status.RESOLVED: "met", Status.CLOSED: "met"}
MARKS = {EMAIL: "email", PHONE: "phone", SOCIAL: "social", POSTAL: "letter"}


def find(request: HttpRequest, reference: str) -> Complaint:
    """The case if the reader may see it. Raises Http404 alike for what is missing and for what is not theirs (F07).

    Query cost: 1, with customer, narrative, newest stay, its themes and whether the reader follows it.
    """
    user: User = request.user  # type: ignore[assignment]
    teams = queue.team_ids(user)
    if not user.sees_cases:
        raise Http404
    few = len(teams) <= len(composed.TEAMS)
    finding = _finding(len(teams), MANAGER in user.roles) if few else _compose(user)
    known: dict[Any, Any] = {composed.ME: user.pk, composed.REFERENCE: reference}
    given = known | dict(zip(composed.TEAMS, teams, strict=False))
    rows = finding.rows(given)
    if not rows:
        raise Http404
    row = iter(rows[0])
    complaint, customer, narrative = (
        model.from_db(DEFAULT_DB_ALIAS, columns, list(islice(row, len(columns)))) for model, columns in READ
    )
    complaint.customer = customer if complaint.customer_id is not None else None
    complaint.narrative = narrative
    complaint.watching, complaint.joined_on, complaint.left_on, complaint.theme_ids = row
    return complaint  # type: ignore[no-any-return]


@lru_cache(maxsize=64)
def _finding(team_count: int, sees_all: bool) -> Composed:
    """Composed once for everybody with as many teams."""
    return _compose(Somebody(team_count, sees_all))


def _compose(user: Reader) -> Composed:
    stays = Tenure.objects.filter(customer=OuterRef("customer")).order_by("-joined_on", "-pk")
    found = (
        Complaint.objects.visible_to(user)  # type: ignore[arg-type]
        .filter(reference=composed.REFERENCE)
        .annotate(
            watching=Exists(Watch.objects.filter(complaint=OuterRef("pk"), user=user.pk)),
            joined_on=Subquery(stays.values("joined_on")[:1]),
            left_on=Subquery(stays.values("left_on")[:1]),
            theme_ids=Subquery(theming.keys_of("pk")),
        )
    )
    paths = ("", "customer__", "narrative__")
    names = [f"{path}{name}" for path, (_model, columns) in zip(paths, READ, strict=True) for name in columns]
    return composed.compose(found.values_list(*names, "watching", "joined_on", "left_on", "theme_ids"))


@require_safe
@allow(*CASES)
def page(request: HttpRequest, reference: str) -> HttpResponse:
    """The case with everything about it; `earlier` (an instant) turns back to older messages.

    Query cost: at most 8, session and user included, whatever the number of messages.
    """
    complaint = find(request, reference)
    ownership.read(complaint, request.user, at=now())  # type: ignore[arg-type]
    return render(
        request,
        "complaints/case.html",
        context(request, complaint, before=instant_or(request.GET.get("earlier"), None)),
    )


@require_safe
@allow(*CASES)
def live(request: HttpRequest, reference: str) -> HttpResponse:
    """A poll: 204 when the case has not changed since `since` and its clocks have not aged, else its changing parts.

    Query cost: 204 costs 1 beside session and user.
    """
    at = now()
    since = request.GET.get("since", "")
    seen = Complaint.objects.visible_to(request.user).filter(reference=reference).values_list("updated_at")  # type: ignore[arg-type]
    changed_at = seen.first()
    if changed_at is None:
        raise Http404
    if changed_at[0] <= desk.read_since(since, at) and not desk.is_due(since, at):
        return HttpResponse(status=204)
    complaint = find(request, reference)
    return render(request, "complaints/_case_live.html", parts(request, complaint, at=at))


def context(
    request: HttpRequest,
    complaint: Complaint,
    *,
    before: datetime | None = None,
    refused: Refused | None = None,
) -> dict[str, Any]:
    """What `complaints/case.html` takes."""
    at = now()
    found = parts(request, complaint, at=at, before=before, refused=refused)
    request.sidebar_here = strip.key_of(request)  # type: ignore[attr-defined]
    return {
        **found,
        "strip": strip.strip(request, complaint, at),
        "composer": composing.composer(request, complaint, refused, found["told"]),
    }


def parts(
    request: HttpRequest,
    complaint: Complaint,
    *,
    at: datetime,
    before: datetime | None = None,
    refused: Refused | None = None,
) -> dict[str, Any]:
    """What changes when something happens to the case: header, timeline, customer, actions. Query cost: 2."""
    refused = refused or Refused()
    query = strip.list_query(request)
    clocks = clockface.load(complaint)
    statutory.remember(complaint, (clock for clock, _events in clocks))
    told = story.load(complaint, request.user, before=before)  # type: ignore[arg-type]
    deciding.remember(complaint, told.demands, told.remedies)
    who = customer_person(complaint)
    url = complaint.get_absolute_url()
    viewers, writers = presence.of_story(told.here, at=at)
    offered = acts.case_forms(
        request,
        complaint,
        watching=complaint.watching,  # type: ignore[attr-defined]
        bound=refused.bound,
        query=query,
    )
    return {
        "case": header(request, complaint, told.trail, at),
        "clocks": clockface.faces(clocks, told.trail, now=at),
        "viewers": viewers,
        "writers": writers,
        "more": more_links(request, complaint),
        "entries": timeline.entries(complaint, told, statutory.clocks(complaint), who, now=at),
        "waits": waits.shown(complaint, told, reader=request.user, query=query, at=at),  # type: ignore[arg-type]
        "newest": told.newest,
        "told": told,
        "earlier_url": _earlier_url(url, query, told) if told.more else "",
        "live_url": reverse("case_live", args=[complaint.reference]) + query,
        "since": (at - desk.OVERLAP if complaint.updated_at < at - desk.OVERLAP else complaint.updated_at).isoformat(),
        "contacts": told.contacts,
        "panel": panel(complaint, who, told),
        "customer_door": acts.customer_door(complaint, query),
        "actions": [one for one in offered if one.key != promises.KEY],
        "promises": promises.panel(request, complaint, told, offered, query=query, at=at),
        "joint": merging.joint(told.linked),
        "ownership": ownership.bars(request, complaint, at),
        "playbook": SimpleLazyObject(lambda: playbook_panel.panel(complaint, known=told.ticks)),
        "themes": theming.panel(complaint, query),
        "measures": outcome.measures(told),
        "guards": outcome.guards(complaint, told),
        "decided": outcome.decided(complaint, told),
        "demands": outcome.demands(complaint, told, query=query),
        "composer_nonce": fresh(),
        "chooser": files.composer(complaint.reference, told.files),
    }


def header(request: HttpRequest, complaint: Complaint, trail: list[Step], at: datetime) -> dict[str, Any]:
    severity, channel = Severity(complaint.severity), ChannelCode(complaint.channel)
    return {
        "reference": complaint.reference,
        "subject": complaint.subject,
        "status_label": str(Status(complaint.status).label),
        "status_tone": TONES.get(Status(complaint.status), "ok"),
        "why": _why(request, complaint, trail),
        "severity": severity.value,
        "severity_label": str(severity.label),
        "channel": channel.value,
        "channel_label": complaint.source_channel or str(channel.label),
        "type_path": catalogue().types_by_id[complaint.type_id].path,
        "owner": person_of(complaint.owner_id) or Person.of(complaint.owner_id, str(complaint.owner)),
        "language_label": languages.language_name(complaint.language),
        "received": _("received %(when)s") % {"when": languages.short_moment(complaint.received_at, now=at)},
        "queue_url": reverse("queue") + strip.list_query(request),
        "queue_title": strip.title_of(request),
        "details_url": reverse("case_details", args=[complaint.reference]) + strip.list_query(request),
        "kind": str(Kind(complaint.kind).label) if complaint.kind == Kind.ENQUIRY else "",
    }


def _why(request: HttpRequest, complaint: Complaint, trail: list[Step]) -> str:
    """Why the reader sees it: owned (and since when), watched, or as a case of the team."""
    me = request.user.pk
    if complaint.is_quarantined:
        return _("kept apart until somebody looks at it")
    if complaint.is_history:
        return _("imported as history from %(source)s") % {"source": complaint.source or "–"}
    if complaint.owner_id != me:
        return _("you follow it") if complaint.watching else ""  # type: ignore[attr-defined]
    if not complaint.in_queue:
        return ""
    given = next((one for one in reversed(trail) if one.kind in ("complaint.assigned", "complaint.handed_over")), None)
    if given is None:
        return _("in your queue since it came in")
    if given.actor_id == me:
        return _("in your queue because you took it")
    return _("in your queue because %(name)s gave it to you") % {"name": name_of(given.actor_id) or given.actor_label}


def customer_person(complaint: Complaint) -> Person:
    if complaint.customer is None:
        return Person(_("Customer unknown"), "", 1)
    return Person.of(complaint.customer.pk, str(complaint.customer))


def panel(complaint: Complaint, who: Person, told: Story) -> dict[str, Any]:
    """Who complains: contacts, since when, what came before. No query."""
    customer = complaint.customer
    if customer is None:
        return {"person": None}
    others = told.others
    seen = [one for one in others if one.seen]
    hidden = len(others) - len(seen)
    at = now()
    kinds = dict(CONTACT_KINDS)
    return {
        "person": who,
        "url": reverse("customer", args=[customer.pk]),
        "line": _line(complaint),
        "contacts": [(MARKS[one.kind], str(kinds[one.kind]), one.value) for one in told.contacts],
        "facts": (),
        "risk": None,
        "earlier": [
            {
                "icon": one.channel,
                "icon_label": str(ChannelCode(one.channel).label),
                "subject": one.subject,
                "url": reverse("case", args=[one.reference]),
                "note": f"{Status(one.status).label} · {languages.short_day(languages.local(one.received_at), now=at)}",
            }
            for one in seen[:EARLIER_SHOWN]
        ],
        "earlier_count": f"{len(others)}+" if len(others) == EARLIER else str(len(others) or ""),
        "elsewhere": ngettext("%(n)s more with another team", "%(n)s more with other teams", hidden) % {"n": hidden}
        if hidden
        else "",
    }


def _line(complaint: Complaint) -> str:
    """Gold · customer since March 2021 · writes in Portuguese."""
    customer, joined, left = complaint.customer, complaint.joined_on, complaint.left_on  # type: ignore[attr-defined]
    if customer is None:
        return ""
    words = [customer.tier] if customer.tier else []
    if joined and not left:
        words.append(_("customer since %(day)s") % {"day": languages.day(joined)})
    if left:
        words.append(_("left on %(day)s") % {"day": languages.day(left)})
    if customer.language:
        words.append(_("writes in %(language)s") % {"language": languages.language_name(customer.language)})
    return " · ".join(words)


def more_links(request: HttpRequest, complaint: Complaint) -> list[Link]:
    """What is rarely needed."""
    links = [Link(_("Status page, as the customer sees it"), _status_url(complaint), "eye")]
    links.append(Link(_("Case file"), reverse("case_file", args=[complaint.reference]), "book"))
    user: User = request.user  # type: ignore[assignment]
    if {LEAD, MANAGER} & user.roles and complaint.status != Status.MERGED:
        plan = f"{reverse('learning_action_new')}?complaint={complaint.reference}"
        links.append(Link(_("Plan a corrective action"), plan, "flag"))
    if complaint.customer_id:
        links.append(
            Link(
                _("All complaints of the customer"),
                f"{reverse('queue')}?view=all&customer={complaint.customer_id}",
                "person",
            )
        )
    return links


def _status_url(complaint: Complaint) -> str:
    return f"/status/{status_token(complaint.reference)}/"


def _earlier_url(url: str, query: str, told: Story) -> str:
    edge = told.said[0].at.isoformat().replace("+00:00", "Z")
    return f"{url}{query}{'&' if query else '?'}earlier={edge}"
