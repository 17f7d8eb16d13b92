"""The sentences of notifications, made when they are read (ux, Everywhere: in the reader's language).

A notification keeps only the words that go into its sentence (`words`): `who` (a name), `reference`, `subject` and what
each sentence below names. `words["what"]` picks between sentences of one event.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import pgettext

from core.models import NotificationEvent as Event

Words = Mapping[str, Any]
Sentence = str | Promise

SENTENCES: dict[tuple[str, str], Sentence] = {
    (Event.MENTIONED, ""): lazy("%(who)s mentions you in a note on %(reference)s"),
    (Event.MENTIONED, "team"): lazy("%(who)s mentions %(team)s in a note on %(reference)s"),
    (Event.ASSIGNED, ""): lazy("%(reference)s is yours now"),
    (Event.ASSIGNED, "by"): lazy("%(who)s gives you %(reference)s"),
    (Event.HAND_OVER, "offered"): lazy("%(who)s asks you to take over %(reference)s"),
    (Event.HAND_OVER, "accepted"): lazy("%(who)s takes %(reference)s over from you"),
    (Event.HAND_OVER, "declined"): lazy("%(who)s does not take over %(reference)s"),
    (Event.HAND_OVER, "withdrawn"): lazy("%(who)s takes back the offer of %(reference)s"),
    (Event.HAND_OVER, "overtaken"): lazy("The offer of %(reference)s no longer holds: the complaint moved on"),
    (Event.HAND_OVER, "waiting"): lazy("The offer of %(reference)s by %(who)s waits for your answer"),
    (Event.HAND_OVER, "silent"): lazy(
        "%(reference)s went from %(before)s to %(after)s: nothing had been done on it for too long"
    ),
    (Event.HAND_OVER, "nobody_here"): lazy(
        "Nobody is there to take over the complaints of %(who)s, who is away, such as %(reference)s: they stay for now"
    ),
    (Event.HAND_OVER, "absent"): lazy("%(reference)s went from %(before)s, who is away, to %(after)s: it is late"),
    (Event.ANSWERED, ""): lazy("The customer wrote on %(reference)s"),
    (Event.ANSWERED, "declined"): lazy("The customer does not accept the decision on %(reference)s"),
    (Event.ESCALATED, "asked"): lazy("%(who)s asks for your help with %(reference)s"),
    (Event.ESCALATED, "answered"): lazy("%(who)s answers your escalation of %(reference)s"),
    (Event.ESCALATED, "declined"): lazy("The customer does not accept the decision on %(reference)s"),
    (Event.ESCALATED, "taken"): lazy("%(who)s takes over %(reference)s, which you escalated"),
    (Event.DEADLINE, "warn"): lazy("A deadline comes near on %(reference)s: %(clock)s"),
    (Event.DEADLINE, "breach"): lazy("A deadline has passed on %(reference)s: %(clock)s"),
    (Event.DEADLINE, "late"): lazy("%(reference)s is still overdue: %(clock)s"),
    (Event.FOLLOWED, ""): lazy("%(reference)s, which you follow, changed"),
    (Event.FOLLOWED, "added"): lazy("%(who)s wants you to follow %(reference)s"),
    (Event.FOLLOWED, "message"): lazy("A message on %(reference)s, which you follow"),
    (Event.FOLLOWED, "resolved"): lazy("%(reference)s, which you follow, is resolved"),
    (Event.FOLLOWED, "closed"): lazy("%(reference)s, which you follow, is closed"),
    (Event.FOLLOWED, "reopened"): lazy("%(reference)s, which you follow, is open again"),
    (Event.FOLLOWED, "withdrawn"): lazy("%(reference)s, which you follow, was withdrawn"),
    (Event.WOKEN, ""): lazy("%(reference)s is back from its snooze"),
    (Event.WOKEN, "answered"): lazy("%(reference)s is back from its snooze: the customer wrote"),
    (Event.PLAYBOOK, ""): lazy("A new version to read: %(title)s"),
    (Event.INCIDENT, ""): lazy("The incident %(title)s changed"),
    (Event.LEARNING, ""): lazy("The corrective action %(title)s changed"),
    (Event.LEARNING, "owner"): lazy("The corrective action %(title)s is yours now"),
    (Event.LEARNING, "overdue"): lazy("The corrective action %(title)s is overdue"),
    (Event.LEARNING, "measurable"): lazy("Whether the corrective action %(title)s helped can be said now"),
    (Event.WEBHOOK, "gone"): lazy("The webhook %(title)s was disabled: its receiver answered that it is gone"),
    (Event.WEBHOOK, "failing"): lazy("The webhook %(title)s was disabled: nothing could be delivered for five days"),
    (Event.SEND_LATER, ""): lazy("Your message on %(reference)s was not sent: the case moved on"),
    (Event.SEND_LATER, "answered"): lazy("Your message on %(reference)s was not sent: the customer wrote meanwhile"),
}


def register(event: str, what: str, sentence: Sentence) -> None:
    """A further sentence of an event, from a floor above; `sentence` is lazy and uses %(name)s places."""
    SENTENCES[event, what] = sentence


def sentence(event: str, words: Words) -> str:
    """What happened, in the active language. A place nobody filled stays empty."""
    what = str(words.get("what", ""))
    found = SENTENCES.get((event, what)) or SENTENCES.get((event, ""))
    if found is None:
        return str(Event(event).label)
    places = defaultdict(str, {key: str(value) for key, value in words.items()})
    if "clock" in words:
        places["clock"] = clock_name(str(words["clock"]), str(words.get("code", "")))
    return str(found) % places


_rule_name: Callable[[str], str] = str


def name_rules(find: Callable[[str], str]) -> None:
    """How statutory clocks are called, from a floor above: `find` gives the name of a code in the active language,
    blank for one it does not know."""
    global _rule_name
    _rule_name = find


def clock_name(kind: str, code: str) -> str:
    """A clock as the desk calls it; a statutory one by the name of its rule, by its code where nobody knows that."""
    names = {
        "acknowledge": pgettext("clock", "Acknowledge"),
        "update": pgettext("clock", "Next update"),
        "resolve": pgettext("clock", "Resolve"),
    }
    return names.get(kind) or _("Statutory, %(code)s") % {"code": _rule_name(code) or code}
