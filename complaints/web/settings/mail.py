"""The outbox: what left the house, what waits, what failed and why; each can be read (mission E1; issue, breaches by
mail)."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from complaints.models import Complaint
from complaints.web.settings.editing import act
from complaints.web.settings.frame import PAGE, key_of, show, words_of
from core import languages
from core.access import ADMIN, MANAGER, allow
from core.actions import outbox
from core.clock import now
from core.mail import compose
from core.models import OutboxMessage, User
from core.web.parts import Cell, Chip, Column, Empty, Link

HERE = "settings_mail"
SECRET = "password_reset"  # noqa: S105 - a template's name: whoever reads its link could become the user
BUNDLE = "notifications"
STATES = {
    "all": gettext_lazy("All"),
    "waiting": gettext_lazy("Waiting"),
    "sent": gettext_lazy("Sent"),
    "failed": gettext_lazy("Failed"),
    "held": pgettext_lazy("mails", "Held back"),
}
KINDS = {
    "receipt": gettext_lazy("Receipt"),
    "message": gettext_lazy("Message to the customer"),
    "sla_warning": gettext_lazy("Deadline near"),
    "sla_breach": gettext_lazy("Deadline missed"),
    "sla_late": gettext_lazy("Still late"),
    "handed_over": pgettext_lazy("kind of mail", "Handed over"),
    "assigned": pgettext_lazy("kind of mail", "New owner"),
    "customer_answered": gettext_lazy("The customer answered"),
    "notification": gettext_lazy("Notification"),
    BUNDLE: gettext_lazy("Notifications, together"),
    SECRET: gettext_lazy("Link to set a password"),
}
HELD = {  # why a mail was not to leave any more, by `OutboxMessage.suppressed`
    "finished": gettext_lazy("the work was done by then"),
    "paused": gettext_lazy("the clock stood still by then"),
    "closed": gettext_lazy("the case was closed by then"),
    "not_theirs": gettext_lazy("the reader could not see the case any more by then"),
}


@require_safe
@allow(ADMIN, MANAGER)
def index(request: HttpRequest) -> HttpResponse:
    """Messages, newest first, 50 a page. Query cost: 1 beside session and user."""
    state = request.GET.get("state", "")
    state = state if state in STATES else "all"
    words = words_of(request)
    found = _narrow(OutboxMessage.objects.order_by("-pk"), state)
    if words:
        found = found.filter(recipient__icontains=words)
    if before := key_of(request, "before"):
        found = found.filter(pk__lt=before)
    listed = list(found.defer("context")[: PAGE + 1])
    at = now()
    kept = {name: value for name, value in (("state", state if state != "all" else ""), ("q", words)) if value}
    clear = Link(_("Show all"), reverse(HERE), "close", primary=True)
    context = {
        "words": words,
        "state": state,
        "states": [
            Link(
                str(name),
                f"{reverse(HERE)}?{urlencode({**({'q': words} if words else {}), 'state': key})}",
                current=key == state,
            )
            for key, name in STATES.items()
        ],
        "columns": [Column(_("To")), Column(_("What")), Column(_("Written")), Column(_("State"))],
        "rows": [_row(one, at) for one in listed[:PAGE]],
        "empty": Empty("match", _("No message fits"), _("None has this state and recipient."), [clear])
        if kept or before
        else Empty(
            "nothing",
            _("No mail yet"),
            _("Receipts, answers and missed deadlines stand here as soon as there are any."),
            [],
        ),
        "first_url": f"{reverse(HERE)}?{urlencode(kept)}" if before else "",
        "next_url": f"{reverse(HERE)}?{urlencode({**kept, 'before': str(listed[PAGE - 1].pk)})}"
        if len(listed) > PAGE
        else "",
    }
    return show(request, "settings/mail.html", HERE, context)


def _narrow(found: QuerySet[OutboxMessage], state: str) -> QuerySet[OutboxMessage]:
    if state == "waiting":
        return found.filter(sent_at__isnull=True, failed_at__isnull=True)
    if state == "sent":
        return found.filter(sent_at__isnull=False)
    if state == "failed":
        return found.filter(failed_at__isnull=False, suppressed="")
    if state == "held":
        return found.exclude(suppressed="")
    return found


def _row(one: OutboxMessage, at: Any) -> list[Cell]:
    return [
        Cell(one.recipient, kind="head", url=reverse("settings_mail_message", args=[one.pk])),
        Cell(str(KINDS.get(one.template, one.template))),
        Cell(languages.near(one.created_at, at)),
        Cell(chip(one), kind="chip"),
    ]


def chip(one: OutboxMessage) -> Chip:
    """The state in one word, its shape before it; held back: with the reason."""
    if one.suppressed:
        return Chip(held_back(one), "pause", "paused")
    if one.failed_at:
        return Chip(_("failed"), "breach", "breached")
    if one.sent_at:
        return Chip(_("sent"), "met", "met")
    return (
        Chip(_("waits, tried %(n)s times") % {"n": one.attempts}, "risk", "clock")
        if one.attempts
        else Chip(_("waits"), "", "clock")
    )


def held_back(one: OutboxMessage) -> str:
    """Held back: the work was done by then."""
    return _("held back: %(why)s") % {"why": HELD.get(one.suppressed, one.suppressed)}


@require_safe
@allow(ADMIN, MANAGER)
def message(request: HttpRequest, message_id: int) -> HttpResponse:
    """One message as it leaves the house. What is about a case only for those who may see the case. Query cost: 2."""
    one = _find(message_id)
    case = _case(one)
    hidden = (case is not None and not _visible(request, case)) or (one.template == BUNDLE and not _own(request, one))
    subject, text, problem = ("", "", "") if hidden else rendered(one)
    at = now()
    facts = [
        (_("To"), one.recipient),
        (_("From"), settings.DEFAULT_FROM_EMAIL),
        (_("Language"), languages.language_name(one.language)),
        (_("Written"), languages.near(one.created_at, at)),
    ]
    if one.sent_at:
        facts.append((_("Sent"), languages.near(one.sent_at, at)))
    elif one.suppressed:
        facts.append((pgettext("of a mail", "Held back"), languages.near(one.failed_at, at)))  # type: ignore[arg-type]
    elif one.failed_at:
        facts.append((_("Given up"), languages.near(one.failed_at, at)))
    else:
        facts.append((_("Next try"), languages.near(one.due_at, at)))
    facts.append((_("Tries"), languages.number(one.attempts)))
    facts.append((_("Message-ID"), one.message_id))
    context = {
        "one": one,
        "chip": chip(one),
        "subject": subject,
        "text": text,
        "problem": problem,
        "reason": "" if one.suppressed else one.error,
        "hidden": hidden,
        "facts": facts,
        "case_url": case.get_absolute_url() if case is not None and not hidden else "",
        "case": case.reference if case is not None and not hidden else "",
        "retry_url": reverse("settings_mail_retry", args=[one.pk]) if one.failed_at and not one.suppressed else "",
    }
    title = str(KINDS.get(one.template, one.template))
    return show(request, "settings/mail_message.html", HERE, context, title=title)


@require_POST
@allow(ADMIN, MANAGER)
def retry(request: HttpRequest, message_id: int) -> HttpResponse:
    """Send a message that was given up once more."""
    one = _find(message_id)
    go = reverse("settings_mail_message", args=[one.pk])
    return act(request, partial(outbox.retry, one), done=_("It will be tried again at once"), go=go)


def rendered(one: OutboxMessage) -> tuple[str, str, str]:
    """Subject, text, and what is wrong if it cannot be written. The link of a password mail is covered up."""
    if one.template == SECRET:
        parts = urlsplit(str(one.context.get("link", "")))
        one.context = {**one.context, "link": f"{parts.scheme}://{parts.netloc}/password/{'•' * 12}/"}
    try:
        mail = compose(one)
    except Exception as error:  # noqa: BLE001 - templates and addresses each have errors of their own
        return "", "", f"{type(error).__name__}: {error}"[:300]
    return str(mail.subject), str(mail.body), ""


def _case(one: OutboxMessage) -> Complaint | None:
    if one.subject_kind != "complaint" or one.subject_id is None:
        return None
    return Complaint.objects.filter(pk=one.subject_id).only("pk", "reference").first()


def _own(request: HttpRequest, one: OutboxMessage) -> bool:
    """A bundle tells of many cases: only its reader sees them all."""
    return bool(one.context.get("user") == request.user.pk)


def _visible(request: HttpRequest, case: Complaint) -> bool:
    user: User = request.user  # type: ignore[assignment]
    return Complaint.objects.visible_to(user).filter(pk=case.pk).exists()


def _find(message_id: int) -> OutboxMessage:
    one = OutboxMessage.objects.filter(pk=message_id).first()
    if one is None:
        raise Http404
    return one
