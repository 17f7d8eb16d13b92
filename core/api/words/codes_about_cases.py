"""Codes of errors about complaints and customers; see core.api.words.codes."""

TEXT = """
# Filing, and finding customers
customer_empty | 400 | Nothing is known of the customer. | A name, an e-mail, a phone number or an id is needed.
customer_merged | 409 | The customer was merged into another one. | Use the id in `merged_into`.
customer_required | 409 | Points need a known customer to be credited to. | Link the complaint to one first.
duplicate_external_id | 409 | The `external_id` is there already from this `source`. | It was filed before: look it up.
external_id_taken | 409, 400 | The id belongs to another customer or record already. | Look it up by `external_id`.
id_or_details | 400 | A customer has an id or details here, not both. | Send one of them.
key_taken | 400, 409 | The key is used for something else. | Take another key, or send the same again.
order_number_taken | 409 | This order of theirs is known already. | Nothing to do, or correct that one.
owner_required | 400, 503 | Nobody is there to own it. | Name an owner, or a default owner in the settings.
unknown_customer | 400 | There is no customer with this id, or it was merged into another one. | GET /customers/.
unknown_type | 400 | There is no complaint type with this code, or it is out of use. | GET /complaint-types/.
wrong_customer | 400 | The complaint is another customer's. | Name its customer, or none.

# What has happened already
already_acknowledged | 409 | The complaint was acknowledged before. | Nothing to do.
already_closed | 409 | The complaint is closed. | `reopening/` opens it again.
already_demanded | 409 | This stands among their demands. | Nothing to do.
already_ended | 409 | The complaint was withdrawn or merged. | `reopening/`, or go on with the joint case.
already_escalated | 409 | This person was asked and has not answered yet. | Wait for the answer, or take it back.
already_extended | 409 | The deadline was extended before; it can be once. | Nothing to do.
already_investigating | 409 | Somebody took it up before. | Nothing to do.
already_linked | 409 | They are linked. | Nothing to do.
already_merged | 409 | It is part of another case. | Take that merge back first.
already_offered | 409 | The complaint is offered to somebody who has not answered. | Take that offer back first.
already_resolved | 409 | The complaint was decided before. | `reopening/` opens it again.
already_snoozed | 409 | It is put aside until just then. | Nothing to do.
already_waiting | 409 | It waits on the customer. | Nothing to do.
answered_meanwhile | 409 | There is a message newer than `seen`; yours was not sent. | Read it, then send with its id.
case_ended | 409 | The case has ended, so the message was held back. | Open it again, or leave it.
customer_wrote | 409 | The customer wrote, so the message was held back. | Read what they wrote; then send or drop it.
file_taken | 409 | The file was sent, or waits with a message to be sent. | Take back a message that waits.
not_escalated | 409 | No question is open: it was answered or taken back. | Nothing to do.
not_in_quarantine | 409 | The complaint is not in quarantine. | Nothing to do.
not_linked | 409 | They are not linked. | Nothing to do.
not_merged | 409 | It is not merged. | Nothing to do.
not_offered | 409 | No offer is open: it was answered, taken back, or the complaint moved on. | Read `hand-over/`.
not_pending | 409 | The message does not wait: it was sent or taken back. | Nothing to do.
not_snoozed | 409 | The complaint is not put aside. | Nothing to do.
not_waiting | 409 | It does not wait on the customer. | Nothing to do.
same_owner | 409 | This person owns the complaint. | Nothing to do.
stale | 409 | Somebody changed it while you were writing; nothing was overwritten. | Read it again.

# What cannot be done with a case now
clock_not_running | 409 | Only a deadline that runs can be extended. | Nothing to do: it has ended or passed.
demand_open | 409 | A demand is not decided. | Decide each in `demands` of the decision.
not_extendable | 409 | The law knows no longer time for this deadline. | Nothing to do.
not_in_hand | 409 | Only a complaint in hand can be put aside. | Open it again first.
not_late | 409 | No deadline of the complaint was missed. | Nothing to do.
not_resolved | 409 | Only a resolved complaint can be closed or answered to. | Decide it first.
open_promise | 409 | A promise is still owed. | Keep, renegotiate or release it.
other_not_visible | 403 | You do not see the other complaint. | Somebody who sees both can do it.
owner_unavailable | 409 | This person is inactive, or does not handle cases. | Choose somebody of GET /agents/.
refused | 409 | A rule said no. | `detail` says which.
remedy_awaiting | 409 | A remedy waits for approval. | Decide it, or take it back.
still_open | 409 | The complaint is in hand. | Close it first.
steps_open | 409 | The playbook wants steps done before the decision. | Do them, or skip them with a reason.
undelivered_answer | 409 | The final answer did not arrive. | Tell them, and note it in `resolution/delivery/`.

# Words that are missing
answer_required | 400 | Why you do not take it over is missing. | Write it in `answer`.
body_required | 400 | There is no text. | Write one in `body`.
nothing_sought | 409 | The complainant did not say what would put it right. | Write the demand in `text`.
only_by_mail | 400 | What goes out later goes by mail. | Leave `channel` out with `send_at`.
only_outgoing | 400 | Only a message to the customer has this field. | Leave it out with `direction` in.
personal_part_missing | 400, 409 | A part in [[double brackets]] is still to be written. | Write it, or take it out.
reason_required | 400 | Why is missing. | Write it in `reason`.
root_cause_required | 400 | The root cause is missing; “unclassified” is none. | GET /root-causes/.
summary_required | 400 | What was done is missing. | Write it in `summary`.
text_required | 400 | The text is missing. | Write it in `text`.
type_required | 400 | As what it is sorted is missing. | Send `type`, `severity` or both.
cannot_required | 400 | What we cannot do is missing. | Write it in `refusal.cannot`.
because_required | 400 | Why it cannot be done is missing. | Write it in `refusal.because`.
until_required | 400 | Until when is missing. | Send an instant, or `reply`.
variable_missing | 400, 409 | A variable of the text has no value for this case. | Write the words yourself.

# What a field of a case names
before_decision | 400 | It lies before the decision. | Check the instant.
incident_required | 400 | Which incident is missing. | Send its reference.
nothing_chosen | 400 | No complaint was chosen. | Send `references` or `query`.
references_or_query | 400 | Either `references` or `query`. | Send one of them.
same_case | 400 | A case is always the same as itself. | Name another one.
too_far | 400 | More than a year ahead. | Send a nearer instant.
unknown_action | 400 | There is no such action for many. | The schema names those there are.
unknown_attachment | 400 | No file of this id that you sent and nothing took. | POST it to `attachments/` first.
unknown_clock | 400 | The case has no such deadline. | Read `clocks` of the complaint.
unknown_complaint | 400 | There is no such complaint, or not one you see. | Check the reference.
unknown_demand | 400 | The complaint has no such demand. | GET `demands/`.
unknown_incident | 400 | There is no such incident. | GET /incidents/.
unknown_message | 400 | The complaint has no such message. | GET `messages/`.
unknown_owner | 400 | There is nobody with this id. | GET /agents/.
unknown_remedy | 400 | The complaint has no such remedy. | GET `remedies/`.
unknown_root_cause | 400 | There is no root cause with this code, or it is out of use. | GET /root-causes/.
unknown_text | 400 | No rule pack of the case has such a text. | GET /rule-packs/.
unknown_theme | 400 | There is no theme with this code, or it is out of use. | GET /themes/.

# Asking, handing over, following
bad_count | 400 | Fewer or more cases than can be offered at once. | `message` says how many.
nobody_above | 409 | There is nobody above you to ask. | Name somebody in `to`.
own_escalation | 400 | You cannot ask yourself. | Name somebody else.

# Merging cases and customers
different_customer | 409 | The cases are of different customers. | Send `confirm: true` if they belong together.
different_kind | 409 | A complaint cannot become part of an enquiry. | Merge the other way round.
merge_cycle | 409 | That case is part of this one. | Merge the other way round.
merge_into_itself | 409 | A customer cannot be merged into themselves. | Name another one.
merge_self | 409 | A complaint cannot be merged into itself. | Name another one.
merged_away | 409 | The customer was merged into another one. | Use the id in `merged_into`.
merged_further | 409 | The joint case was merged itself. | Take that back first.
not_live | 409 | Imported history and quarantine cannot be merged. | Nothing to do.
survivor_merged | 409 | The record it was merged into was merged itself later. | Take that back first.

# Many at once
not_undoable | 409 | It can no longer be taken back. | Change the cases one by one.
still_running | 409 | It is still being done. | Wait until `state` is done.

# Remedies
above_authority | 403 | More than you may grant. | Ask for approval: POST to `remedies/` does.
above_order_value | 400 | With what was given back before it is more than was charged. | Give back less.
already_decided | 409 | The remedy was decided before. | Read it.
already_paid_out | 409 | Finance has the amount; it cannot be taken back. | Settle it with finance.
amount_required | 400 | How much is missing. | Send `amount`.
cap_reached | 409 | More than may be given here in all, whoever grants it. | Raise the cap, or give less.
currency_mismatch | 400 | An order and a charge have one currency. | Send that one.
description_required | 400 | What exactly is missing. | Write it in `description`.
no_currency | 400 | Points have no currency. | Send `points`.
not_a_refund | 400 | Only a refund gives back a charge. | Leave `charge` out.
not_granted | 409 | Only what was granted can be taken back. | `withdrawal/` or `rejection/`.
not_points | 400 | Only goodwill is counted in points. | Send `amount`.
not_valued | 400 | An apology has no value in money. | Leave `amount` out.
other_currency | 400 | Not the currency that was charged or granted. | Send that one.
own_request | 403 | You asked for this remedy. | Somebody else decides it.
unknown_charge | 400 | The customer has no such charge. | GET /customers/{id}/charges/.

# Payouts
already_failed | 409 | Finance reported already that it could not be paid, for another reason. | Read it.
already_paid | 409 | Finance confirmed it before. | Nothing to do.
before_granted | 400 | It was granted after that. | Check the date.
before_paid | 400 | It was paid after that. | Check the date.
came_back | 409 | The payment of that day and reference came back. | It has to be paid anew.
column_missing | 400 | The file lacks a column. | `message` names it.
columns_missing | 400 | The file lacks columns. | `message` names them.
not_csv | 400 | No CSV. | Save it as CSV in UTF-8.
not_paid | 409 | Only what was paid can come back. | Read its state.
not_utf8 | 400 | No text in UTF-8. | Save it as CSV in UTF-8.
not_with_finance | 409 | Finance was not given it, so it cannot say what became of it. | Export it first.
nothing_to_pay | 409 | Nothing is to be paid. | Nothing to do.
other_amount | 400 | Not the amount that was granted. | Look where the two part.
paid_and_failed | 400 | A line says both paid and failed. | Leave one out.
too_many_cells | 400 | A line has more cells than the file has columns. | Look at its quotes.
unknown_payout | 400 | There is no such payout. | GET /payouts/.

# Promises
already_settled | 409 | The promise was kept, agreed anew or released. | Read it.

# Customers: stays, purchases, charges, points
already_cancelled | 409 | The purchase was cancelled. | Nothing to do.
already_customer | 409 | They are here. | Nothing to do.
already_left | 409 | They have left. | Nothing to do.
before_purchase | 400 | It was bought after that. | Check the instant.
goodwill_is_a_remedy | 400 | Goodwill is granted as a remedy of a complaint. | POST to `remedies/`.
left_before_joined | 409 | It lies before the day they joined. | Check the date.
less_than_returned | 409 | More than that came back. | Look at the returns.
more_than_bought | 409 | More than was bought, with what came back before. | Look at the lines.
never_left | 409 | They never left, as far as is known. | Nothing to do.
not_an_order | 409 | Only an order can be cancelled or returned. | Name the order.
not_cancelled | 409 | The purchase was not cancelled. | Nothing to do.
not_enough_points | 409 | The customer has fewer points. | Read their balance.
only_quantity | 400 | Of such a line only the quantity can be corrected. | Leave the other fields out.
returned_since | 409 | They came back after that, so the departure stands. | Nothing to do.
stays_overlap | 409 | Another stay covers this day. | Look at their stays.
unknown_line | 400 | The purchase has no such line. | GET the purchase.

# Calls and surveys
due_in_the_past | 400 | The day has passed. | Send a later one.
expired | 410 | The link no longer answers. | Nothing to do.
no_consent | 409 | The customer does not want calls, or offers. | Keep to it; a message may still be answered.
nobody_asked | 409 | Nobody was asked by this link. | Nothing to do.
score_off_scale | 400 | The score is not on the scale of this kind. | NPS 0 to 10, CSAT 1 to 5, CES 1 to 7.
survey_or_kind | 400 | Which survey is missing. | Send `survey` or `kind`.
unknown_survey | 400 | There is no survey with this code. | GET /surveys/.
wrong_kind | 400 | The survey asks another question. | Leave `kind` out.

# Offers and referrals
already_answered | 409 | The offer was answered. | Read it.
already_referred | 409 | Somebody brought this customer. | Nothing to do.
already_rewarded | 409 | Points were credited for this referral. | Nothing to do.
already_withdrawn | 409 | The referral was withdrawn. | Nothing to do.
before_it_was_made | 400 | It lies before the offer was made. | Check the instant.
bought_before | 400 | They bought it before the offer was made. | Name a later order.
not_answered | 409 | The offer was not answered. | Nothing to do.
offer_lapsed | 409 | The offer no longer held on that day. | Make another one.
open_complaint | 409 | They wait for an answer to a complaint. | Decide it first; winning back is allowed.
referral_circle | 409 | They cannot have brought each other. | Check who brought whom.
referred_themselves | 409 | Nobody brings themselves. | Name another customer.
unknown_purchase | 400 | The customer has no such order. | GET /customers/{id}/purchases/.
valid_until_passed | 400 | It ends before it was made. | Check the date.

# Corrective actions and incidents
already_begun | 409 | It is under way. | Nothing to do.
already_done | 409 | It is done. | Nothing to do.
already_dropped | 409 | It was dropped. | DELETE `completion/` takes it up again.
already_judged | 409 | Whether it helped was said. | Read it.
incident_closed | 409 | The incident is closed. | Open it again first.
incident_open | 409 | The incident is open. | Nothing to do.
invalid_window | 400 | No such number of days. | `message` says which are taken.
leads_only | 403 | Leads and managers do this. | Ask one.
not_done | 409 | It is not done yet. | Complete it first.
not_sending | 409 | Nothing of the update waits. | Nothing to do.
not_visible | 409 | Whoever sends the update does not see this case. | Somebody who sees it can write.
nothing_linked | 400 | No complaint belongs to the incident. | Link some first.
owner_only | 403 | Its owner, leads and managers do this. | Ask one.
stopped | 409 | The update was stopped before it reached this case. | Nothing to do.
too_early | 409 | Whether it helped can be said once the days after it have passed. | Wait until `measurable_on`.
unclassified | 400 | “Unclassified” is no cause. | GET /root-causes/.
update_running | 409 | An update is being sent. | Wait until it is done.
"""
