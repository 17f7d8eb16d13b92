"""The complainant's own page behind a long random link, and the way to it by return code (mission A8)."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from complaints import decisions
from complaints.actions import acceptance as words
from complaints.actions import delivery, merge
from complaints.actions import public as actions
from complaints.models import Complaint, Decision, Escalation, Message
from complaints.models.conversation import IN
from complaints.web.one import file_doors, files
from complaints.web.public import dates, decided, journey, promised, stamps
from complaints.web.public.forms import Answer, Code, Verdict
from complaints.web.public.pages import choices, complaint_of, private, spoken_in
from complaints.web.public.stamps import Stamp
from core import clock, languages, trail, zones
from core.access import public
from core.actor import Actor
from core.addresses import client_address
from core.errors import DomainError
from core.references import status_token
from core.web.parts import Entry, Person, initials

READER = 6  # the colour of the reader's own initials


@public
@require_http_methods(["GET", "HEAD", "POST"])
def status(request: HttpRequest, token: str) -> HttpResponse:
    """Where the complaint stands, what was said, and a box to answer. POST: the answer, taken once.

    In the complaint's language, unless `?language=` chooses another. Unknown and wrong links are the same 404
    after the same work. Query cost: 6 to show, 3 more once it is decided, and the first time
    5 to note that it was seen.
    """
    complaint = complaint_of(token)
    with spoken_in(request, complaint.language):
        if request.method == "POST":
            return private(_answer(request, complaint))
        response = private(_show(request, complaint, Answer(door=_door(complaint))))
        _note_seen(request, complaint)
        return response


@public
@require_POST
def acceptance(request: HttpRequest, token: str) -> HttpResponse:
    """The complainant's word on the decision, taken once per form; said again, the last word wins."""
    complaint = complaint_of(token)
    with spoken_in(request, complaint.language):
        return private(_take_word(request, complaint, token))


def _take_word(request: HttpRequest, complaint: Complaint, token: str) -> HttpResponse:
    form, at = Verdict(request.POST, auto_id="id_verdict_%s"), clock.now()
    if not form.is_valid():
        return _show(request, complaint, Answer(door=_door(complaint)), status=422, verdict=form)
    accepted, comment = form.cleaned_data["accepted"] == "yes", form.cleaned_data["comment"]
    fingerprint = hashlib.sha256(f"{complaint.reference} {accepted} {comment}".encode()).hexdigest()
    stamp = stamps.read(request.POST.get("stamp", "")) or Stamp(fingerprint, at, _origin(request))
    try:
        actions.accept_once(
            complaint,
            accepted=accepted,
            comment=comment,
            nonce=stamp.nonce,
            origin=stamp.origin,
            fingerprint=fingerprint,
            by=Actor.customer(),
            at=at,
        )
    except DomainError as refusal:
        form.add_error(None, str(refusal))
        response = _show(request, complaint, Answer(door=_door(complaint)), status=refusal.status, verdict=form)
        if isinstance(refusal, actions.TooMany):
            response["Retry-After"] = str(refusal.retry_after)
        return response
    query = request.GET.copy()
    query["said"] = "1"
    return redirect(f"{reverse('status', args=[token])}?{query.urlencode()}")


def _answer(request: HttpRequest, complaint: Complaint) -> HttpResponse:
    at = clock.now()
    given = file_doors.chosen(request, Actor.customer(), complaint=complaint, origin=_origin(request))
    form = Answer(given.data, door=_door(complaint))
    given.complain(form)
    if not form.is_valid():
        return _show(request, complaint, form, status=422)
    body, tokens = form.cleaned_data["body"], form.cleaned_data["attachments"]
    fingerprint = hashlib.sha256(" ".join((complaint.reference, body, *tokens)).encode()).hexdigest()
    stamp = stamps.read(request.POST.get("stamp", "")) or Stamp(fingerprint, at, _origin(request))
    try:
        sent = actions.answer_once(
            complaint,
            body,
            attachments=tokens,
            nonce=stamp.nonce,
            origin=stamp.origin,
            fingerprint=fingerprint,
            by=Actor.customer(),
            at=at,
        )
    except actions.TooMany as refusal:
        form.add_error(
            None,
            _("These are many messages in a short time. Yours is kept on this page: send it again a little later."),
        )
        response = _show(request, complaint, form, status=429)
        response["Retry-After"] = str(refusal.retry_after)
        return response
    except DomainError as refusal:
        form.add_error("body" if refusal.field == "body" else None, str(refusal))
        return _show(request, complaint, form, status=refusal.status)
    if sent.repeated:
        given.let_go()
    query = request.GET.copy()
    query["sent"] = "1"
    return redirect(f"{request.path}?{query.urlencode()}")


def _show(
    request: HttpRequest, complaint: Complaint, form: Answer, status: int = 200, verdict: Verdict | None = None
) -> HttpResponse:
    now = clock.now()
    past = trail.of(complaint).filter(kind__in=journey.VISIBLE).values_list("kind", "at")
    way = journey.Journey(complaint, journey.visible(past), dates.expected(complaint), now)
    messages = list(
        Message.objects.filter(complaint__in=merge.of_same_customer(complaint))
        .select_related("author")
        .order_by("at", "pk")
    )
    standing = decisions.current(complaint) if complaint.status in decisions.DECIDED else None
    complaint.__dict__["standing"] = standing
    decision, final = decided.shown(complaint, standing, messages)
    context = {
        "reference": complaint.reference,
        "received": _("received %(date)s") % {"date": languages.day(complaint.received_at)},
        "headline": way.headline(),
        "lead": way.lead(),
        "joint": _joint(complaint),
        "stages": way.stages(),
        "zone": zones.city(),
        "decision": decision,
        "acceptance": _acceptance(request, complaint, standing, verdict) if decision else None,
        "promises": promised.shown(complaint, at=now),
        "entries": _entries(complaint, [one for one in messages if one is not final]),
        "form": form,
        "stamp": str(Stamp.new(_origin(request), at=now)),
        "sent": _sent(request) if not form.is_bound and verdict is None else "",
        "choices": choices(request),
    }
    return render(request, "public/status.html", context, status=status)


def _joint(complaint: Complaint) -> dict[str, str] | None:
    """Where the joint case of a merged one stands, for the same customer alone: nobody reads another's. Query cost: 1
    for a merged case."""
    head = complaint.merged_into
    if head is None or head.customer_id is None or head.customer_id != complaint.customer_id:
        return None
    return {"reference": head.reference, "url": reverse("status", args=[status_token(head.reference)])}


def _note_seen(request: HttpRequest, complaint: Complaint) -> None:
    """The page has shown the decision to whoever holds the link: not to one of us, nor to a program that only looks
    whether the link works or fetches it before anybody asked. Query cost: none but the first time."""
    standing: Decision | None = complaint.__dict__.get("standing")
    ahead = "prefetch" in request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    if standing is not None and request.method == "GET" and not request.user.is_authenticated and not ahead:
        delivery.seen(complaint, standing, at=clock.now())


def _acceptance(
    request: HttpRequest, complaint: Complaint, standing: Decision | None, form: Verdict | None
) -> dict[str, Any] | None:
    """The question whether the decision is accepted, or what was answered to it. Query cost: 1 where it was."""
    if not words.may_be_said(complaint):
        return None
    word = words.word_on(complaint, standing)
    said = ""
    if word.accepted is not None and word.at is not None:
        on = languages.moment(word.at)
        said = (
            _("You accepted our decision: %(date)s.")
            if word.accepted
            else _("You did not accept our decision: %(date)s.")
        ) % {"date": on}
    query = request.GET.urlencode()
    return {
        "url": reverse("status_acceptance", args=[status_token(complaint.reference)]) + (f"?{query}" if query else ""),
        "word": word,
        "said": said,
        "form": form or Verdict(auto_id="id_verdict_%s"),
        "agent": str(complaint.owner),
        "escalated": word.accepted is False and word.at is not None and _escalated(complaint, word.at),
    }


def _escalated(complaint: Complaint, since: datetime) -> bool:
    """Their refusal went to somebody above the owner. Query cost: 1."""
    return Escalation.objects.filter(complaint=complaint, by__isnull=True, at=since).exists()


def _door(complaint: Complaint) -> str:
    """Where a script sends single files for an answer."""
    return reverse("status_files", args=[status_token(complaint.reference)])


def _sent(request: HttpRequest) -> str:
    if request.GET.get("said"):
        return _("We have your answer.")
    return _("We have your message.") if request.GET.get("sent") else ""


def _entries(complaint: Complaint, messages: list[Message]) -> list[Entry]:
    """What was said, oldest first: the complaint itself, then the messages; notes are never among them."""
    reader = Person(_("You"), initials(complaint.customer.name) if complaint.customer else "", READER)
    narrative = getattr(complaint, "narrative", None)
    url = files.status_url(status_token(complaint.reference))
    lists = files.of_case([complaint.pk], url, notes=False)
    found: list[Entry] = []
    if narrative is not None:
        at = complaint.received_at
        entry = Entry("in", narrative.description, _time(at), at.isoformat(), reader, files=lists.narrative)
        found.append(entry)
    for one in messages:
        who = reader if one.direction == IN else _author(one)
        entry = Entry(str(one.direction), one.body, _time(one.at), one.at.isoformat(), who)
        entry.files = lists.message(one.pk)
        found.append(entry)
    return found


def _author(message: Message) -> Person:
    return Person.of(message.author.pk, str(message.author)) if message.author else Person(_("We"), "", 1)


def _time(at: datetime) -> str:
    return languages.short_moment(at, now=clock.now())


@public
@require_http_methods(["GET", "HEAD", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """Reference and return code lead to the status page. Whatever is wrong, the answer is the same."""
    form = Code(request.POST if request.method == "POST" else None)
    if not form.is_bound or not form.is_valid():
        return private(_ask(request, form, 422 if form.is_bound else 200))
    given = form.cleaned_data
    try:
        found = actions.find_by_code(given["reference"], given["code"], address=client_address(request), at=clock.now())
    except actions.TooMany as refusal:
        form.add_error(None, _("There were too many tries in a short time. Wait a few minutes, then try again."))
        response = private(_ask(request, form, 429))
        response["Retry-After"] = str(refusal.retry_after)
        return response
    if found is None:
        form.add_error(None, _("This reference and this code do not belong together. Look at both again."))
        return private(_ask(request, form, 422))
    return private(redirect(reverse("status", args=[status_token(found.reference)])))


def _ask(request: HttpRequest, form: Code, status: int) -> HttpResponse:
    return render(request, "public/find.html", {"form": form}, status=status)


def _origin(request: HttpRequest) -> str:
    return actions.origin_of(client_address(request))
