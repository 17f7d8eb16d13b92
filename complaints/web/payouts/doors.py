"""What can be done with payouts in the browser: handed over, confirmed, failed, a file of finance's taken (A7; F25)."""

from __future__ import annotations

from functools import partial

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from complaints import payout_files as files
from complaints.actions import payout_answers, payouts
from complaints.models import Payout, PayoutExport
from complaints.web.payouts import page
from core import dates, languages
from core.access import MANAGER, allow
from core.actor import Actor
from core.clock import now
from core.errors import DomainError
from core.models import User
from core.web.fields import Line
from core.web.once import LONGEST, Repeated
from retention.web.acting import ActForm, act, once
from retention.web.buying_forms import Day

FORM = require_http_methods(["GET", "HEAD", "POST"])


class ConfirmForm(ActForm):
    paid_on = Day(label=gettext_lazy("Paid on"))
    reference = Line(
        label=gettext_lazy("Reference"),
        max_length=payouts.REFERENCE,
        help_text=gettext_lazy("what finance calls the transfer"),
    )


class FailForm(ActForm):
    reason = Line(label=gettext_lazy("Why it could not be paid"), max_length=payouts.REASON)


class ReturnForm(ActForm):
    returned_on = Day(label=gettext_lazy("Came back on"))
    reason = Line(label=gettext_lazy("Why it came back"), max_length=payouts.REASON)


@require_POST
@allow(MANAGER)
def export(request: HttpRequest) -> HttpResponse:
    """Hand everything that is due or has failed to finance, once per button shown."""
    back = reverse("payouts")
    try:
        made: PayoutExport = once(
            request, request.POST.get("nonce", "")[:LONGEST], lambda by, at: payouts.export(by=by, at=at), back
        )
    except Repeated as repeated:
        return HttpResponseRedirect(repeated.location or back)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(back)
    messages.success(request, _("File %(number)s is ready for finance") % {"number": made.number})
    return HttpResponseRedirect(f"{back}?state=exported#files")


@require_safe
@allow(MANAGER)
def download(request: HttpRequest, number: int) -> StreamingHttpResponse:
    """The file as it was handed over, however often it is fetched."""
    found = PayoutExport.objects.filter(number=number).first()
    if found is None:
        raise Http404
    answer = StreamingHttpResponse(files.written(files.lines_of(found)), content_type=files.TYPE)
    answer["Content-Disposition"] = f'attachment; filename="{files.name_of(found)}"'
    return answer


@require_POST
@allow(MANAGER)
def confirmations(request: HttpRequest) -> HttpResponse:
    """A file of finance's, carried out line by line; sent twice it changes nothing the second time."""
    form = page.AnswerForm(request.POST, request.FILES)
    if not form.is_valid():
        return page.page(request, form=form, status=422)
    sent = form.cleaned_data["file"]
    try:
        answers = files.read(sent.read(files.MOST_BYTES + 1))
    except DomainError as refusal:
        form.add_error("file", str(refusal))
        return page.page(request, form=form, status=422)
    settled = payout_answers.settle(answers, by=Actor.of(request), at=now())
    return page.page(request, outcome=page.told(settled))


@FORM
@allow(MANAGER)
def confirmation(request: HttpRequest, payout_id: int) -> HttpResponse:
    """Finance has paid it."""
    payout = _payout(request, payout_id)
    form = ConfirmForm(request.POST if request.method == "POST" else None, initial={"paid_on": dates.of_reader()})
    words = {"title": _title(payout), "button": _("It was paid"), "done": _("Payment confirmed")}
    return act(request, form, partial(payouts.confirm, payout), back=reverse("payouts"), **words)


@FORM
@allow(MANAGER)
def failure(request: HttpRequest, payout_id: int) -> HttpResponse:
    """Finance could not pay it."""
    payout = _payout(request, payout_id)
    form = FailForm(request.POST if request.method == "POST" else None)
    words = {"title": _title(payout), "button": _("It failed"), "done": _("It goes out again with the next file")}
    return act(request, form, partial(payouts.fail, payout), back=reverse("payouts"), **words)


@FORM
@allow(MANAGER)
def returned(request: HttpRequest, payout_id: int) -> HttpResponse:
    """The bank sent back what was paid."""
    payout = _payout(request, payout_id)
    form = ReturnForm(request.POST if request.method == "POST" else None, initial={"returned_on": dates.of_reader()})
    words = {"title": _title(payout), "button": _("It came back"), "done": _("It goes out again with the next file")}
    return act(request, form, partial(payouts.take_back, payout), back=reverse("payouts"), **words)


def _payout(request: HttpRequest, payout_id: int) -> Payout:
    """Raises Http404, alike for what is missing and what is not the reader's. Query cost: 1."""
    request.sidebar_here = "payouts"  # type: ignore[attr-defined]
    user: User = request.user  # type: ignore[assignment]
    found = page.seen(user).filter(pk=payout_id).first()
    if found is None:
        raise Http404
    return found


def _title(payout: Payout) -> str:
    remedy = payout.remedy
    said = {"amount": languages.money(remedy.amount, remedy.currency), "reference": remedy.complaint.reference}
    return _("%(amount)s on %(reference)s") % said
