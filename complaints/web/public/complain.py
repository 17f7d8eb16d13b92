"""The public form: a question a page, all answers to check, the confirmation (mission A3; ux, Public pages).

Every page is the answer to a POST that carries all answers so far, so it needs neither a session nor JavaScript,
and a refused page gives everything back. Nothing is written before "Send my complaint".
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import activate, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from complaints.actions import public as actions
from complaints.models import Complaint
from complaints.reference import catalogue, unclassified
from complaints.web.one import file_doors
from complaints.web.public import dates, journey, stamps
from complaints.web.public.pages import choices, framed, in_language, private, spoken_in
from complaints.web.public.stamps import Stamp
from complaints.web.public.walk import CHECK, QUESTIONS, TRAP, Walk
from core import clock, languages, zones
from core.access import public
from core.actor import Actor
from core.addresses import client_address
from core.errors import DomainError
from core.models import OutboxMessage
from core.references import return_code, status_token
from core.web.language import remember

CODE_SHOWN_FOR = timedelta(hours=1)  # the return code is on the confirmation this long, and nowhere else
_DONE = signing.Signer(salt="amends.complaint-sent")


@public
@framed
@require_http_methods(["GET", "HEAD", "POST"])
def complain(request: HttpRequest) -> HttpResponse:
    """GET: the first question. POST: the page that follows from what was answered or pressed."""
    if request.method != "POST":
        walk = Walk.fresh()
        return _Page(request, walk, Stamp.new(_origin(request), at=clock.now())).ask(next(iter(walk.forms)))
    spoken = _speak(request)
    given = file_doors.chosen(request, Actor.customer(), origin=_origin(request))
    walk = Walk.of(request.POST.dict(), given.tokens)
    given.complain(walk.forms[next(iter(walk.forms))])
    if spoken and walk.raw["language"] in ("", spoken):
        # Nobody chose another one to be answered in.
        walk = replace(walk, raw={**walk.raw, "language": languages.code()})
    at = clock.now()
    stamp = stamps.read(request.POST.get("stamp", ""))
    page = _Page(request, walk, stamp or Stamp.new(_origin(request), at=at))
    here = request.POST.get("step", "")
    if here not in walk.forms and here != CHECK:
        here = next(iter(walk.forms))
    if spoken:
        return page.check() if here == CHECK else _in_new_language(page, here)
    if request.POST.get("change") in walk.forms:
        return page.ask(request.POST["change"], returning=True)
    if here == CHECK:
        return _send(page, stamp, at) if request.POST.get("send") else page.check()
    if request.POST.get("back"):
        return page.check() if page.returning else page.ask(walk.neighbour(here, -1))
    if not walk.forms[here].is_valid():
        return page.ask(here, wrong=True)
    following = walk.neighbour(here, 1)
    return page.check() if page.returning or following == CHECK else page.ask(following)


class _Page:
    """Draws the pages of one walk. `returning`: a question was opened again from the check page."""

    def __init__(self, request: HttpRequest, walk: Walk, stamp: Stamp) -> None:
        self.request, self.walk, self.stamp = request, walk, stamp
        self.returning = bool(request.POST.get("returning"))

    def ask(self, key: str, *, wrong: bool = False, returning: bool | None = None) -> HttpResponse:
        """A question; `wrong`: with what is the matter with its answer, 422."""
        form = self.walk.forms[key] if wrong else self.walk.unbound(key)
        back = self.returning if returning is None else returning
        kept = [*self.walk.kept(but=form), *self._hidden(key), *([("returning", "1")] if back else [])]
        context = {
            "form": form,
            "step": form.number,
            "steps": QUESTIONS,
            "done": [number <= form.number for number in range(1, QUESTIONS + 1)],
            "kept": kept,
            "title": form.title,
            "lead": form.lead,
            "question": form[form.question] if form.question else None,
            "can_go_back": back or key != next(iter(self.walk.forms)),
            "honeypot": _Trap(initial=self.walk.raw)[TRAP],
        }
        return self._render("public/complain.html", context, 422 if wrong else 200)

    def check(self, *, refusal: str = "", status: int = 422, before: actions.Sent | None = None) -> HttpResponse:
        """All answers, or the first question whose answer is wrong. `refusal`: why they were not taken."""
        if self.walk.first_wrong is not None:
            return self.ask(self.walk.first_wrong, wrong=True, returning=False)
        form = forms.Form(data={})
        if refusal:
            form.add_error(None, refusal)
        context = {
            "form": form,
            "answers": self.walk.summary(),
            "steps": range(QUESTIONS),
            "kept": [*self.walk.kept(), *self._hidden(CHECK)],
            "next_text": self._next(),
            "sent_before": {"reference": before.reference, "url": _status_path(before.reference)} if before else None,
        }
        return self._render("public/complain_check.html", context, status if refusal else 200)

    def _hidden(self, key: str) -> list[tuple[str, str]]:
        speaking = self.request.POST.get("speak") or self.request.POST.get("speaking")
        spoken = [("speaking", languages.code())] if speaking else []
        return [("step", key), ("stamp", str(self.stamp)), *spoken]

    def _next(self) -> str:
        told = self.walk.answers
        chosen = catalogue().types.get(told["subtype"] or told["type"]) or unclassified()
        due = dates.foreseen(chosen, told["language"], at=clock.now()).acknowledge
        if due is None:
            return _("You get a reference at once. A person, not a machine, reads what you wrote and answers you.")
        text = _(
            "You get a reference at once. A person, not a machine, answers you by %(date)s, and one named person "
            "looks after your complaint until it is over."
        )
        return text % {"date": zones.named(due)}

    def _render(self, template: str, context: dict[str, Any], status: int) -> HttpResponse:
        response = render(self.request, template, context, status=status)
        # May be kept by the browser alone: without that, "back" would ask for the form to be sent again.
        response["Cache-Control"] = "private"
        return response


class _Trap(forms.Form):
    homepage = forms.CharField(required=False, widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[TRAP].label = _("Leave this empty")


def _speak(request: HttpRequest) -> str:
    """Go on in the language pressed now or earlier on these pages; returns the one before, if it was pressed now."""
    before, known = languages.code(), dict(settings.LANGUAGES)
    earlier, wanted = request.POST.get("speaking", ""), request.POST.get("speak", "")
    if earlier in known:
        before = earlier
    speaking = wanted if wanted in known else earlier
    if speaking in known:
        activate(speaking)  # LanguageMiddleware puts it back
        request.LANGUAGE_CODE = speaking
    return before if wanted in known else ""


def _in_new_language(page: _Page, here: str) -> HttpResponse:
    """The question as it was left. A cookie keeps the choice, but only on the first one.

    One that changes further on would make the browser forget the pages before, and "back" would lose them.
    """
    response = page.ask(here)
    return remember(response, languages.code()) if here == next(iter(page.walk.forms)) else response


def _send(page: _Page, stamp: Stamp | None, at: datetime) -> HttpResponse:
    """File the complaint, once; doubtful ones into quarantine, none dropped."""
    walk = page.walk
    if walk.first_wrong is not None:
        return page.ask(walk.first_wrong, wrong=True, returning=True)
    if stamp is None or stamp.stale(at):
        page.stamp = page.stamp.again(_origin(page.request), at=at)
        return page.check(
            refusal=_("This page was open for more than a day. Look through your answers and send them once more.")
        )
    doubtful = walk.trapped or (stamp.hasty(at) and walk.advertises)
    try:
        sent = actions.file_once(
            walk.filing(quarantine=doubtful),
            nonce=stamp.nonce,
            origin=stamp.origin,
            fingerprint=walk.fingerprint,
            attachments=walk.files,
            by=Actor.customer(),
            at=at,
        )
    except actions.TooMany as refusal:
        response = page.check(refusal=_slower(refusal.retry_after), status=429)
        response["Retry-After"] = str(refusal.retry_after)
        return response
    except DomainError as refusal:
        return page.check(refusal=str(refusal), status=refusal.status)
    if sent.changed:
        page.stamp = stamp.again(_origin(page.request), at=at)
        text = _("You have sent this complaint already: it is %(reference)s. What you changed since has not been sent.")
        return page.check(refusal=text % {"reference": sent.reference}, status=409, before=sent)
    done_at = reverse("complain_done", args=[_done_token(sent, by_mail=bool(walk.answers["email"]))])
    return redirect(in_language(done_at, languages.code() if page.request.POST.get("speaking") else ""))


def _slower(seconds: int) -> str:
    minutes = -(-seconds // 60)
    text = ngettext(
        "Many complaints came from your network in the last hour. Yours is kept on this page: "
        "send it again in %(n)s minute.",
        "Many complaints came from your network in the last hour. Yours is kept on this page: "
        "send it again in %(n)s minutes.",
        minutes,
    )
    return text % {"n": minutes}


def _done_token(sent: actions.Sent, *, by_mail: bool) -> str:
    """The same for every repetition of the same form."""
    return _DONE.sign(f"{sent.reference}.{int(sent.at.timestamp())}.{int(by_mail)}")


@public
@framed
@require_safe
def done(request: HttpRequest, token: str) -> HttpResponse:
    """The confirmation: reference, what happens next and by when, the private link. Query cost: 3.

    Without an e-mail address also the return code, for an hour; it is shown nowhere else.
    """
    try:
        reference, sent_at, by_mail = _DONE.unsign(token).split(".")
    except (signing.BadSignature, ValueError):
        raise Http404 from None
    complaint = Complaint.objects.filter(reference=reference).first()
    if complaint is None:
        raise Http404
    mail = OutboxMessage.objects.filter(key=f"receipt:{reference}").first() if by_mail == "1" else None
    fresh = clock.now().timestamp() - int(sent_at) < CODE_SHOWN_FOR.total_seconds()
    with spoken_in(request, languages.code()):
        context = {
            "reference": reference,
            "sent_to": mail.recipient if mail else "",
            "return_code": return_code(reference) if fresh and mail is None else "",
            "stages": journey.ahead(complaint, dates.expected(complaint)),
            "zone": zones.city(),
            "status_url": _status_path(reference),
            "status_link": f"{settings.BASE_URL}{_status_path(reference)}",
            "choices": choices(request),
        }
        return private(render(request, "public/complain_done.html", context))


def _status_path(reference: str) -> str:
    return reverse("status", args=[status_token(reference)])


def _origin(request: HttpRequest) -> str:
    return actions.origin_of(client_address(request))
