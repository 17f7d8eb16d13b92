"""The actions of the case page, each in a row: its address, form, words, icon, key, and what does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.actions import (
    acceptance,
    converse,
    decide,
    demands,
    extend,
    hand_over,
    handle,
    incidents,
    lateness,
    manage,
    merge,
    promises,
    snooze,
    watch,
)
from complaints.models import Complaint, Demand
from complaints.web.many import snoozing
from complaints.web.one import deciding, forms, merging, ownership_acts, ownership_forms, promise_forms, replying
from core.actor import Actor
from core.errors import InvalidInput

Run = Callable[..., Any]
Words = str | Promise


@dataclass(frozen=True, slots=True)
class Act:
    """One action. `name` is its URL's name and the last part of its path; `run(complaint, by=, at=, **values)`."""

    key: str
    name: str
    form: type[forms.ActForm]
    run: Run
    title: Words
    button: Words
    done: Words
    icon: str = ""
    shortcut: str = ""
    danger: bool = False


def _assign(complaint: Complaint, *, owner: Any, by: Actor, at: datetime, reason: str = "") -> Any:
    if owner is None:
        raise InvalidInput(_("There is no such person."), code="unknown_owner", field="owner")
    return manage.assign(complaint, by=by, at=at, owner=owner, reason=reason)


def _accept(complaint: Complaint, *, accepted: str, by: Actor, at: datetime, comment: str = "") -> Any:
    return acceptance.accept(complaint, accepted=accepted == "yes", comment=comment, by=by, at=at)


def _change_demand(complaint: Complaint, *, demand: Demand | None, text: str, by: Actor, at: datetime) -> Any:
    return demands.change_demand(_known(demand), by=by, at=at, text=text)


def _drop_demand(complaint: Complaint, *, demand: Demand | None, by: Actor, at: datetime) -> Any:
    return demands.drop_demand(_known(demand), by=by, at=at)


def _known(demand: Demand | None) -> Demand:
    if demand is None:
        raise InvalidInput(_("There is no such demand."), code="unknown_demand", field="demand")
    return demand


def _take(complaint: Complaint, *, by: Actor, at: datetime) -> Any:
    return manage.assign(complaint, by=by, at=at, owner=by.user)


def _watch(complaint: Complaint, *, by: Actor, at: datetime) -> Any:
    return watch.watch(complaint, by=by, at=at, watcher=by.user)


def _unwatch(complaint: Complaint, *, by: Actor, at: datetime) -> Any:
    return watch.unwatch(complaint, by=by, at=at, watcher=by.user)


# Key, address, form, what it does; title, button, what is said afterwards, icon, shortcut.
# fmt: off
ACTS = {act.key: act for act in (
    Act("acknowledge", "acknowledgement", forms.AcknowledgeForm, handle.acknowledge,
        gettext_lazy("Acknowledge"), gettext_lazy("Acknowledge"), gettext_lazy("Acknowledged"), "check", "KeyA"),
    Act("investigate", "investigation", forms.PlainForm, handle.investigate,
        gettext_lazy("Investigate"), gettext_lazy("Begin the investigation"),
        gettext_lazy("Investigation begun"), "search", "KeyI"),
    Act("message", "messages", replying.ReplyForm, replying.reply,
        gettext_lazy("Reply"), gettext_lazy("Send reply"), gettext_lazy("Reply sent"), "reply"),
    Act("note", "notes", forms.NoteForm, converse.note,
        gettext_lazy("Internal note"), gettext_lazy("Add note"), gettext_lazy("Note added"), "note"),
    Act("incoming", "incoming", forms.IncomingForm, converse.incoming,
        gettext_lazy("The customer got in touch"), gettext_lazy("Write it down"),
        gettext_lazy("Written down"), "call", "KeyL"),
    Act("said", "said", forms.SaidForm, converse.said,
        gettext_lazy("We got in touch"), gettext_lazy("Write it down"),
        gettext_lazy("Written down"), "call", "KeyO"),
    Act("wait", "pause", forms.WaitForm, handle.wait,
        gettext_lazy("Wait on the customer"), gettext_lazy("Wait on the customer"),
        gettext_lazy("Waiting on the customer"), "paused", "KeyW"),
    Act("resume", "resumption", forms.PlainForm, handle.resume,
        gettext_lazy("Go on"), gettext_lazy("Go on without waiting"), gettext_lazy("Waiting is over"), "undo", "KeyW"),
    Act("take", "taking", forms.PlainForm, _take,
        gettext_lazy("Take the case"), gettext_lazy("Take the case"),
        gettext_lazy("The case is yours"), "person", "KeyT"),
    Act("assign", "owner", forms.AssignForm, _assign,
        gettext_lazy("Give to somebody else"), gettext_lazy("Give the case"),
        gettext_lazy("The case has a new owner"), "team", "KeyG"),
    Act("classify", "classification", forms.ClassifyForm, manage.classify,
        gettext_lazy("Sort it differently"), gettext_lazy("Sort"), gettext_lazy("Sorted"), "filter", "KeyS"),
    Act("resolve", "resolution", deciding.ResolveForm, decide.resolve,
        gettext_lazy("Resolve"), gettext_lazy("Resolve"), gettext_lazy("Resolved"), "met", "KeyE"),
    Act("extend", "extension", deciding.ExtendForm, extend.extend,
        gettext_lazy("Extend a legal deadline"), gettext_lazy("Extend"), gettext_lazy("Deadline extended"), "calendar"),
    Act("close", "closure", forms.PlainForm, decide.close,
        gettext_lazy("Close"), gettext_lazy("Close the case"), gettext_lazy("Closed"), "check", "KeyX"),
    Act("accept", "acceptance", forms.AcceptanceForm, _accept,
        gettext_lazy("Does the customer accept?"), gettext_lazy("Write down the answer"),
        gettext_lazy("Written down"), "scale"),
    Act("told", "resolution/delivery", deciding.ToldForm, decide.told,
        gettext_lazy("They were told"), gettext_lazy("Write it down"), gettext_lazy("Written down"), "call"),
    Act("explain_lateness", "resolution/lateness", deciding.LatenessForm, lateness.explain,
        gettext_lazy("Say why it came late"), gettext_lazy("Write it down"), gettext_lazy("Written down"), "clock"),
    Act("demand", "demands", deciding.DemandForm, decide.demand,
        gettext_lazy("Write down what they ask for"), gettext_lazy("Write it down"),
        gettext_lazy("Written down"), "plus"),
    Act("take_sought", "demands/sought", forms.PlainForm, demands.take_sought,
        gettext_lazy("Take over their words"), gettext_lazy("Take over their words"),
        gettext_lazy("Written down"), "plus"),
    Act("change_demand", "demands/change", deciding.ChangeDemandForm, _change_demand,
        gettext_lazy("What they ask for, in other words"), gettext_lazy("Save"), gettext_lazy("Saved"), "flag"),
    Act("drop_demand", "demands/removal", deciding.OldDemandForm, _drop_demand,
        gettext_lazy("No longer asked for"), gettext_lazy("They do not ask for it"),
        gettext_lazy("Taken off the list"), "undo"),
    Act("reopen", "reopening", forms.ReopenForm, decide.reopen,
        gettext_lazy("Reopen"), gettext_lazy("Reopen the case"), gettext_lazy("Reopened"), "undo", "KeyO"),
    Act("withdraw", "withdrawal", forms.WithdrawForm, decide.withdraw,
        gettext_lazy("Withdraw"), gettext_lazy("The customer takes it back"),
        gettext_lazy("Withdrawn"), "leave", danger=True),
    Act("release", "release", forms.PlainForm, manage.release,
        gettext_lazy("Release"), gettext_lazy("This is a real complaint"),
        gettext_lazy("Released and given to an owner"), "shield"),
    Act("offer", "hand-over", ownership_forms.OfferForm, ownership_acts.offer,
        gettext_lazy("Hand over, once they accept"), gettext_lazy("Offer the case"),
        gettext_lazy("Offered; it stays where it is until they accept"), "team", "KeyH"),
    Act("accept_offer", "hand-over/acceptance", ownership_forms.AcceptOfferForm, hand_over.accept,
        gettext_lazy("Take the case over"), gettext_lazy("Take it over"), gettext_lazy("The case is yours"), "check"),
    Act("decline_offer", "hand-over/refusal", ownership_forms.DeclineOfferForm, hand_over.decline,
        gettext_lazy("Decline the case"), gettext_lazy("Decline with these words"), gettext_lazy("Declined"), "close"),
    Act("withdraw_offer", "hand-over/withdrawal", ownership_forms.BareForm, hand_over.withdraw,
        gettext_lazy("Take the offer back"), gettext_lazy("Take the offer back"),
        gettext_lazy("The offer is taken back"), "undo"),
    Act("escalate", "escalation", ownership_forms.EscalateForm, ownership_acts.ask,
        gettext_lazy("Escalate"), gettext_lazy("Ask for help"), gettext_lazy("Asked for help"), "flag", "KeyY"),
    Act("answer_escalation", "escalation/answer", ownership_forms.AnswerEscalationForm, ownership_acts.answer,
        gettext_lazy("Answer the escalation"), gettext_lazy("Answer"), gettext_lazy("Answered"), "reply"),
    Act("take_back_escalation", "escalation/withdrawal", ownership_forms.BareForm, ownership_acts.take_back,
        gettext_lazy("Take the escalation back"), gettext_lazy("Help is no longer needed"),
        gettext_lazy("The escalation is taken back"), "undo"),
    Act("add_watcher", "watchers", ownership_forms.WatcherForm, ownership_acts.add_watcher,
        gettext_lazy("Let somebody follow"), gettext_lazy("Let them follow"),
        gettext_lazy("They follow this case now"), "eye"),
    Act("remove_watcher", "watchers/removal", ownership_forms.NoWatcherForm, ownership_acts.remove_watcher,
        gettext_lazy("No longer follows"), gettext_lazy("No longer follows"),
        gettext_lazy("They no longer follow this case"), "eye"),
    Act("promise", "promises", promise_forms.PromiseForm, promises.promise,
        gettext_lazy("New promise"), gettext_lazy("Promise it"), gettext_lazy("Promised"), "promise", "KeyP"),
    Act("snooze", "snooze", snoozing.SnoozeForm, snooze.snooze,
        gettext_lazy("Snooze"), gettext_lazy("Snooze"),
        gettext_lazy("Snoozed: it is out of the lists until then"), "snooze", "KeyZ"),
    Act("wake", "waking", forms.PlainForm, snooze.wake,
        gettext_lazy("Back into the queue"), gettext_lazy("Back into the queue"),
        gettext_lazy("Back in the queue"), "undo", "KeyZ"),
    Act("merge", "merge", merging.MergeForm, merging.merge,
        gettext_lazy("Merge"), gettext_lazy("Merge into that case"), gettext_lazy("Merged"), "merge"),
    Act("unmerge", "unmerging", forms.PlainForm, merge.unmerge,
        gettext_lazy("Unmerge"), gettext_lazy("Make it a case of its own again"),
        gettext_lazy("It is a case of its own again"), "undo"),
    Act("link_incident", "incident", merging.IncidentForm, merging.join_incident,
        gettext_lazy("Add to an incident"), gettext_lazy("Add"), gettext_lazy("Part of the incident now"), "flag"),
    Act("unlink_incident", "incident/removal", merging.NoIncidentForm, incidents.unlink,
        gettext_lazy("Take out of the incident"), gettext_lazy("Take out of the incident"),
        gettext_lazy("No longer part of the incident"), "undo"),
    Act("watch", "watching", forms.PlainForm, _watch,
        gettext_lazy("Follow"), gettext_lazy("Follow this case"), gettext_lazy("You follow this case"), "eye"),
    Act("unwatch", "unwatching", forms.PlainForm, _unwatch,
        gettext_lazy("Stop following"), gettext_lazy("Stop following this case"),
        gettext_lazy("You no longer follow this case"), "eye"),
)}
# fmt: on

# After these the agent may go straight to the next case of the list (ux, Agent's desk 2).
AND_NEXT: dict[str, Words] = {
    "resolve": gettext_lazy("Resolve and next"),
    "close": gettext_lazy("Close and next"),
    "wait": gettext_lazy("Wait and next"),
    "snooze": gettext_lazy("Snooze and next"),
}
