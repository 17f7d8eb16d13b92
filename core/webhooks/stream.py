"""The one vocabulary of events: what every entry of the trail is called outside (docs/api/webhooks.md).

Webhooks carry the types of core.webhooks.events. `GET /events/` shows those and, for entries that no webhook carries,
the types named here: in the same style, `<area>.<what happened>`. What is stored stays as it is (the chain seals it);
names are put on on the way out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from core.webhooks import events

# Kind on the trail -> what the type says to a reader; the order is that of the documentation.
ONLY_HERE: Mapping[str, str] = {
    "complaint.recorded": "An import brought a complaint of the past.",
    "complaint.record_changed": "A later import brought an imported complaint up to date.",
    "complaint.taken_over": "An imported complaint that is still open became a live one.",
    "complaint.noted": "An internal note was written.",
    "complaint.thanked": "A message thanked the customer.",
    "complaint.apologised": "A message apologised.",
    "complaint.refused": "A message said what we cannot do.",
    "complaint.send_later": "A message was written that goes out later.",
    "complaint.send_later_cancelled": "Such a message was taken back.",
    "complaint.send_later_held": "Such a message was held back, as the customer wrote or the case was decided.",
    "complaint.hand_over_offered": "Somebody was asked to take it over.",
    "complaint.hand_over_declined": "They declined.",
    "complaint.hand_over_withdrawn": "The question was taken back.",
    "complaint.snoozed": "It was put aside for a while.",
    "complaint.woken": "It came back from there.",
    "complaint.watched": "Somebody follows it.",
    "complaint.unwatched": "Somebody no longer follows it.",
    "sla.moved": "Its deadlines moved with an edit of a calendar or of the policies.",
    "complaint.lateness_explained": "Why it was resolved late was said afterwards.",
    "complaint.demand_added": "What the customer asks for was written down.",
    "complaint.demand_changed": "What the customer asks for was put in other words.",
    "complaint.demand_removed": "Something is no longer asked for.",
    "complaint.decision_told": "How the customer learned of the decision was written down.",
    "complaint.decision_seen": "The status page showed the decision.",
    "complaint.step_done": "A step of its playbook was done.",
    "complaint.step_skipped": "A step of its playbook was set aside.",
    "complaint.step_undone": "A step of its playbook is open again.",
    "complaint.themes": "It was put under other themes.",
    "complaint.corrective_linked": "A corrective action was linked to it.",
    "complaint.corrective_unlinked": "A corrective action was unlinked from it.",
    "complaint.incident_linked": "It became part of an incident.",
    "complaint.incident_unlinked": "It is no longer part of an incident.",
    "complaint.merged_here": "Another complaint was merged into it.",
    "complaint.unmerged_here": "That merge was taken back.",
    "complaint.not_duplicate": "Somebody said that another complaint is not the same matter.",
    "complaint.case_file_made": "Its case file was taken along.",
    "complaint.promise_warned": "A promise comes near its date.",
    "complaint.promises_passed_on": "Open promises went to another owner.",
    "customer.recorded": "An import brought a customer.",
    "customer.record_changed": "A later import brought an imported customer up to date.",
    "customer.absorbed": "Another customer was merged into this one.",
    "customer.released": "That merge was taken back.",
    "customer.charged": "Something was charged outside of orders.",
    "customer.charge_corrected": "A charge was put right.",
    "customer.paid": "The customer paid.",
    "customer.payment_corrected": "A payment was put right.",
    "customer.points": "Loyalty points were given or taken.",
    "referral.brought": "A customer brought another one.",
    "referral.brought_withdrawn": "That was taken back.",
    "purchase.lines_added": "An import added lines to an order.",
    "purchase.line_corrected": "A line of an order was put right.",
    "purchase.incentive": "Whether an order came of an incentive was put right.",
    "followup.attempted": "Nobody was reached; the call is tried again.",
    "followup.taken_up": "A planned call was joined with a further reason to call.",
    "followup.rescheduled": "A planned call was moved to another day.",
    "followup.reassigned": "A planned call was given to somebody else.",
    "followup.handed_over": "A planned call went on to another owner, as its own no longer takes calls.",
    "followup.amended": "What a planned call is about was changed.",
    "surveyresponse.not_called": "No call was planned about an unhappy answer.",
    "surveyresponse.record_changed": "A later import brought an imported answer up to date.",
    "invitation.sent": "A customer was asked for their opinion.",
    "invitation.suppressed": "A customer was not asked for their opinion.",
    "incident.opened": "An incident was opened.",
    "incident.changed": "An incident was changed.",
    "incident.closed": "An incident was closed.",
    "incident.reopened": "An incident was opened again.",
    "incident.update_sent": "An update went to the complaints of an incident.",
    "incident.update_stopped": "An update was stopped before it reached all of them.",
    "corrective.created": "A corrective action was planned.",
    "corrective.changed": "A corrective action was changed.",
    "corrective.begun": "Work on a corrective action began.",
    "corrective.taken_up": "A corrective action was taken up again.",
    "corrective.done": "A corrective action was done.",
    "corrective.dropped": "A corrective action was dropped.",
    "corrective.judged": "Somebody judged whether a corrective action helped.",
    "corrective.linked": "A complaint was linked to a corrective action.",
    "corrective.unlinked": "A complaint was unlinked from a corrective action.",
    "upload.received": "A file to import was uploaded.",
    "upload.matched": "Its columns were matched.",
    "upload.committed": "Its import was started.",
    "upload.finished": "Its import ended.",
    "upload.cancelled": "Its import was called off.",
    "export.requested": "An export was asked for.",
    "export.finished": "An export was written.",
    "export.cancelled": "An export was called off or thrown away.",
    "savedview.created": "A view of the queue was saved.",
    "savedview.changed": "A saved view was changed.",
    "savedview.moved": "A saved view was put in another place.",
    "savedview.removed": "A saved view was taken away.",
    "savedview.restored": "A saved view was brought back.",
    "macro.created": "A macro was made.",
    "macro.changed": "A macro was changed.",
    "article.created": "An article was begun.",
    "article.changed": "What stands around the text of an article was changed.",
    "article.draft_saved": "A draft of an article was saved.",
    "article.draft_discarded": "A draft of an article was thrown away.",
    "article.published": "A version of an article was published.",
    "playbook.created": "A playbook was begun.",
    "playbook.changed": "What stands around the steps of a playbook was changed.",
    "playbook.draft_saved": "A draft of a playbook was saved.",
    "playbook.draft_discarded": "A draft of a playbook was thrown away.",
    "playbook.published": "A version of a playbook was published.",
    "reading.confirmed": "Somebody confirmed having read an article or a playbook.",
    "theme.created": "A theme was made.",
    "theme.changed": "A theme was changed.",
    "complainttype.created": "A type of complaint was made.",
    "complainttype.changed": "A type of complaint was changed.",
    "rootcause.created": "A root cause was made.",
    "rootcause.changed": "A root cause was changed.",
    "channel.changed": "A channel was changed.",
    "routingrule.created": "A routing rule was made.",
    "routingrule.changed": "A routing rule was changed.",
    "routingrule.removed": "A routing rule was taken away.",
    "calendar.created": "A calendar was made.",
    "calendar.changed": "The name of a calendar, or whether it is in use, was changed.",
    "calendar.draft_saved": "A draft of a calendar was saved.",
    "calendar.draft_discarded": "A draft of a calendar was thrown away.",
    "calendar.published": "A version of a calendar was published.",
    "slaversion.created": "A draft of the policies was begun.",
    "slaversion.policy_added": "A policy was added to the draft.",
    "slaversion.policy_changed": "A policy of the draft was changed.",
    "slaversion.policy_moved": "A policy of the draft was put in another place.",
    "slaversion.policy_removed": "A policy was taken out of the draft.",
    "slaversion.published": "The draft of the policies was published.",
    "slaversion.removed": "The draft of the policies was thrown away.",
    "rulepack.installed": "A pack of statutory rules was installed.",
    "rulepack.replaced": "A pack was replaced by a newer edition.",
    "rulepack.removed": "A pack was taken away.",
    "authorityversion.created": "A draft of who may grant how much was begun.",
    "authorityversion.limit_added": "A limit was added to the draft.",
    "authorityversion.limit_changed": "A limit of the draft was changed.",
    "authorityversion.limit_moved": "A limit of the draft was put in another place.",
    "authorityversion.limit_removed": "A limit was taken out of the draft.",
    "authorityversion.published": "The draft of who may grant how much was published.",
    "authorityversion.removed": "The draft of who may grant how much was thrown away.",
    "survey.created": "A survey was made.",
    "survey.changed": "A survey was changed.",
    "survey.published": "A version of a survey was published.",
    "surveysettings.changed": "How often customers are asked was changed.",
    "figuretargets.changed": "The targets of the figures were changed.",
    "organisation.changed": "What holds for the whole house was changed.",
    "team.created": "A team was made.",
    "team.changed": "A team was changed.",
    "user.created": "Somebody got an account.",
    "user.changed": "An account was changed by an administrator, or by what followed from it.",
    "user.renamed": "Somebody changed their own name.",
    "user.preferences_changed": "Somebody changed their own preferences.",
    "user.notifications_chosen": "Somebody chose what they are told about.",
    "user.password_changed": "Somebody changed their own password.",
    "user.password_link_sent": "A link to set a password was sent.",
    "user.absence_set": "An absence was entered.",
    "user.absence_ended": "An absence ended.",
    "user.deputy_named": "A deputy was named.",
    "token.issued": "A token of an integration was issued.",
    "token.revoked": "A token of an integration was revoked.",
    "webhook.created": "A webhook was added.",
    "webhook.changed": "A webhook was changed.",
    "webhook.enabled": "A webhook was enabled again.",
    "webhook.disabled": "A webhook was disabled.",
    "webhook.secret_rolled": "A webhook got a new secret.",
    "webhook.tested": "A test was sent to a webhook.",
    "webhook.redelivered": "Deliveries to a webhook were sent again.",
    "webhook.removed": "A webhook was taken away.",
    "outboxmessage.retried": "A letter that had failed was sent again.",
    "demo.purged": "The demo data were taken away.",
}

# Where the trail calls something otherwise than the vocabulary does: an area as a whole, or a single kind.
_AREAS = {
    "authorityversion": "authority_version",
    "complainttype": "complaint_type",
    "corrective": "corrective_action",
    "figuretargets": "figure_targets",
    "followup": "follow_up",
    "invitation": "survey_invitation",
    "outboxmessage": "mail",
    "rootcause": "root_cause",
    "routingrule": "routing_rule",
    "rulepack": "rule_pack",
    "savedview": "saved_view",
    "slaversion": "sla_version",
    "surveyresponse": "survey",
    "surveysettings": "survey_settings",
}
_SINGLE = {
    "complaint.corrective_linked": "complaint.corrective_action_linked",
    "complaint.corrective_unlinked": "complaint.corrective_action_unlinked",
    "complaint.promise_warned": "promise.deadline_near",
    "complaint.promises_passed_on": "promise.passed_on",
    "complaint.send_later": "complaint.message_scheduled",
    "complaint.send_later_cancelled": "complaint.message_unscheduled",
    "complaint.send_later_held": "complaint.message_held_back",
    "complaint.themes": "complaint.themes_changed",
    "customer.points": "customer.points_changed",
    "purchase.incentive": "purchase.incentive_changed",
    "sla.moved": "complaint.deadline_moved",
    "surveyresponse.not_called": "survey.answer_not_called",
    "surveyresponse.record_changed": "survey.answer_record_changed",
}


def type_of(kind: str) -> str:
    """What an entry of this kind is called outside; never blank."""
    area, _, verb = kind.partition(".")
    return events.PUBLIC.get(kind) or _SINGLE.get(kind) or f"{_AREAS.get(area, area)}.{verb}"


STREAM_TYPES: Mapping[str, str] = {type_of(kind): words for kind, words in ONLY_HERE.items()}
TYPES: Mapping[str, str] = {**events.TYPES, **STREAM_TYPES}  # all that the stream shows
AREAS = tuple(dict.fromkeys(name.partition(".")[0] for name in TYPES))
KINDS = (*events.PUBLIC, *ONLY_HERE)
TYPE = re.compile(r"[a-z_]{1,30}\.(?:[a-z_]{1,40}|\*)", re.ASCII)


@lru_cache(maxsize=500)  # anybody may ask for anything
def kinds_of(wanted: str) -> frozenset[str]:
    """The kinds on the trail that a type, or all of an area (`complaint.*`), stands for; none for an unknown one.

    The trail's own names are understood too, as the stream took them before it had these.
    """
    begins = wanted.removesuffix("*")
    if begins == wanted:
        return frozenset(kind for kind in KINDS if type_of(kind) == wanted) or frozenset({wanted}).intersection(KINDS)
    found = frozenset(kind for kind in KINDS if type_of(kind).startswith(begins))
    return found or frozenset(kind for kind in KINDS if kind.startswith(begins))
