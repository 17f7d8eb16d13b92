"""Say something: messages to and from the complainant, notes among ourselves (mission A8)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from complaints import errors
from complaints.actions import (
    _base,
    handle,
    holding,
    letters,
    macro_steps,
    mention,
    merge,
    promises,
    speech,
    telling,
    words,
)
from complaints.actions import attachments as attachments_of_case
from complaints.actions.decide import reopen_locked
from complaints.actions.file import preview
from complaints.actions.speech import Acts
from complaints.models import (
    Complaint,
    MacroVersion,
    Message,
    Note,
    Pending,
    PendingState,
    Purpose,
    Status,
)
from complaints.models.conversation import IN
from complaints.models.words import NOTE, REPLY
from complaints.promises.given import Given
from complaints.sla import pack_texts
from core import clock, rows, trail
from core.actor import Actor
from core.errors import InvalidInput
from core.models import User

REOPENS_WITHIN = timedelta(days=30)  # an answer to a closed complaint reopens it (case F22)


@transaction.atomic
def message(
    complaint: Complaint,
    *,
    by: Actor,
    at: datetime,
    body: str,
    texts: Sequence[str] = (),
    acts: Acts | None = None,
    macro: MacroVersion | None = None,
    word_for_word: bool | None = None,
    attachments: Sequence[str] = (),
    seen: int | None = None,
    promise: Given | None = None,
    channel: str = "",
) -> Message:
    """Write to the complainant. The first message of a person is the first response, and acknowledges the case.

    `channel`: how, a ChannelCode; "" is by mail, or on the status page where no address is known. What was said on the
    phone or elsewhere (`catalogue.SAID_THERE`) is written down and counts as said; no mail goes.

    `texts`: what rule packs of the case say, added in the complainant's language ("fca-disp.eight_weeks"). `acts`:
    thanks, apology, refusal, each on the trail too. `macro`: the prepared words it began with, whose steps are carried
    out behind it; `word_for_word`: whether they were sent as they were, found out unless said. `attachments`: tokens of
    the writer's own uploads. `seen`: the key of the newest message the writer saw (0: none); None when nobody looks.
    `promise`: what is promised with it, on record beside it.

    Raises InvalidInput (body_required, variable_missing, personal_part_missing, unknown_text, unknown_attachment,
    no_address, what speech and the files refuse), AlreadyClosed, AlreadyEnded, AnsweredMeanwhile, or StepRefused; then
    nothing is written.
    """
    promises.refuse_bad(promise, at=at)
    complaint = _base.locked(complaint)
    body, word_for_word = checked(
        complaint, by=by, body=body, texts=texts, acts=acts, macro=macro, word_for_word=word_for_word, seen=seen
    )
    return say(
        complaint,
        by=by,
        at=at,
        body=body,
        acts=acts,
        macro=macro,
        word_for_word=word_for_word,
        attachments=attachments,
        promise=promise,
        channel=channel,
    )


def checked(
    complaint: Complaint,
    *,
    by: Actor,
    body: str,
    texts: Sequence[str] = (),
    acts: Acts | None = None,
    macro: MacroVersion | None = None,
    word_for_word: bool | None = None,
    seen: int | None = None,
) -> tuple[str, bool | None]:
    """The whole text as the complainant will read it, and whether it is a macro's word for word; the case is locked.

    Raises what `message` raises. Query cost: 1 with `texts`, and 2 with `seen`.
    """
    speech.refuse_unclear(acts)
    body = speech.whole(complaint, body, acts)
    _refuse_blank(body)
    words.refuse_unfinished(body, macro=macro)
    if macro is not None:
        words.refuse_foreign(macro, by=by, purpose=REPLY)
        if word_for_word is None:
            word_for_word = words.sent_as_it_was(macro, complaint, body, by=by)
    _base.refuse_unless_live(complaint)
    if seen is not None:
        refuse_if_answered(complaint, seen, by=by)
    clocks = _base.clocks_of(complaint) if texts else ()
    return pack_texts.whole(complaint, clocks, pack_texts.MESSAGE, body, texts), word_for_word


def say(
    complaint: Complaint,
    *,
    by: Actor,
    at: datetime,
    body: str,
    acts: Acts | None = None,
    macro: MacroVersion | None = None,
    word_for_word: bool | None = None,
    attachments: Sequence[str] = (),
    promise: Given | None = None,
    channel: str = "",
) -> Message:
    """Send a text that was `checked`, perhaps some time ago; the case is locked.

    Raises AlreadyClosed, AlreadyEnded, InvalidInput (unknown_attachment, no_address), or StepRefused.
    """
    _base.refuse_unless_live(complaint)
    found = attachments_of_case.take(attachments, by=by, complaint=complaint)
    clocks = _base.clocks_of(complaint)
    fields: list[str] = []
    if by.is_person:
        fields = _base.acknowledge_in_passing(complaint, clocks, at=at, told=True)
        _base.informed(complaint, clocks, at=at, told=True)
    sent = handle.outgoing(complaint, body, purpose=Purpose.REPLY, by=by, at=at, channel=channel)
    sent.macro, sent.word_for_word = macro, word_for_word
    letter = letters.message(complaint, sent, author=handle.signature(by), at=at, files=found)
    seals, names = attachments_of_case.facts(found)
    _base.finish(
        complaint,
        "complaint.message_sent",
        by=by,
        at=at,
        fields=fields,
        changes={"message": sent.pk, "by_mail": bool(letter), **seals},
        private=names,
        clocks=clocks,
        also=[sent, *speech.rows_of(acts, sent, by=by, at=at), *letter],
    )
    speech.on_trail(acts, complaint, sent, by=by, at=at)
    attachments_of_case.attach(found, message=sent)
    promises.with_message(promise, sent, by=by, at=at)
    if macro is not None:
        macro_steps.carry_out(macro, complaint, by=by, at=at)
    return sent


def refuse_if_answered(complaint: Complaint, seen: int, *, by: Actor, leaving: bool = True) -> None:
    """Raises AnsweredMeanwhile with what somebody else wrote after the message `seen`, or (unless `leaving` is false)
    is sending right now.

    The complaint is locked. Receipts are nobody's answer. Query cost: 2, and 1 more with `seen`.
    """
    cases = merge.whole(complaint)
    said = Message.objects.filter(complaint__in=cases).exclude(purpose=Purpose.RECEIPT)
    going = Pending.objects.filter(complaint=complaint, state=PendingState.WAITING, take_back=True)
    if by.user is not None:
        said, going = said.exclude(author=by.user), going.exclude(author=by.user)
    if seen:
        last = Message.objects.filter(complaint__in=cases, pk=seen).values_list("created_at", flat=True).first()
        if last is not None:
            said = said.filter(created_at__gt=last)
    answers = list(said.select_related("author").order_by("created_at", "pk"))
    soon = list(going.select_related("author")) if leaving else []
    if answers or soon:
        raise errors.AnsweredMeanwhile(answers, soon)


def said(complaint: Complaint, *, by: Actor, at: datetime, body: str, channel: str) -> Message:
    """Write down what was said to the complainant on the phone or elsewhere. Raises what `message` raises."""
    return message(complaint, by=by, at=at, body=body, channel=channel)


@transaction.atomic
def incoming(
    complaint: Complaint,
    *,
    by: Actor,
    at: datetime,
    body: str,
    channel: str = "",
    attachments: Sequence[str] = (),
) -> Message:
    """The complainant answered. It ends the waiting, reopens a case closed within 30 days, and is never dropped.

    The owner is told by mail. A photo needs no words: raises InvalidInput body_required only without attachments, and
    unknown_attachment. Kept with a merged case, it acts on the joint one. On a case that ended otherwise it is only
    kept.
    """
    if not attachments:
        _refuse_blank(body)
    complaint = _base.locked(complaint)
    found = attachments_of_case.take(attachments, by=by, complaint=complaint)
    got = Message(
        complaint=complaint,
        direction=IN,
        channel=channel or complaint.channel,
        author=by.user,
        body=body.strip(),
        at=at,
        created_at=clock.now(),
    )
    rows.give_ids(got)
    holding.hold_later(complaint, code=holding.CUSTOMER_WROTE, by=by, at=at)
    seals, names = attachments_of_case.facts(found)
    complaint.preview = preview(got.body or ", ".join(one.name for one in found))
    fields, clocks, before = ["preview"], None, complaint.status
    merged = before == Status.MERGED  # the joint case acts on it
    if complaint.status == Status.WAITING:
        clocks = handle.resume_clocks(complaint, at=at)
        fields.append("status")
    ended_at = complaint.closed_at or complaint.resolved_at
    recent = ended_at is not None and at - ended_at <= REOPENS_WITHIN
    if complaint.status == Status.CLOSED and recent and not complaint.is_history:
        complaint = reopen_locked(complaint, by=by, at=at, reason="customer_answered")
    _base.finish(
        complaint,
        "complaint.message_received",
        by=by,
        at=at,
        fields=fields,
        changes={"message": got.pk, "status": [str(before), str(complaint.status)], **seals},
        private=names,
        clocks=clocks,
        also=[got, *([] if merged else telling.answered(complaint, got, by=by, at=at))],
    )
    attachments_of_case.attach(found, message=got)
    if merged:
        merge.heard(complaint, got, by=by, at=at)
    return got


@transaction.atomic
def note(
    complaint: Complaint,
    *,
    by: Actor,
    at: datetime,
    body: str,
    attachments: Sequence[str] = (),
    mentions: Iterable[User] = (),
    macro: MacroVersion | None = None,
) -> Note:
    """Write an internal note; possible on ended cases too. `mentions`: colleagues to tell. `macro`: as in `message`.

    Raises InvalidInput (body_required, unknown_attachment; with a macro what it left open), or StepRefused.
    """
    _refuse_blank(body)
    if macro is not None:
        words.refuse_foreign(macro, by=by, purpose=NOTE)
        words.refuse_unfinished(body, macro=macro)
    complaint = _base.locked(complaint)
    found = attachments_of_case.take(attachments, by=by, complaint=complaint)
    written = Note(complaint=complaint, author=by.user, body=body.strip(), created_at=at)
    rows.give_ids(written)
    told = mention.tell(written, complaint, by=by, at=at, also=mentions)
    rows.insert([written, *told])
    Complaint.objects.filter(pk=complaint.pk).update(updated_at=at)
    seals, names = attachments_of_case.facts(found)
    trail.append(complaint, "complaint.noted", by=by, at=at, changes={"note": written.pk, **seals}, private=names)
    attachments_of_case.attach(found, note=written)
    if macro is not None:
        macro_steps.carry_out(macro, complaint, by=by, at=at)
    return written


def _refuse_blank(body: str) -> None:
    if not body.strip():
        raise InvalidInput(_("Write something first."), code="body_required", field="body")
