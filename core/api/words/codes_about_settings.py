"""Codes of errors about settings, figures, files and webhooks; see core.api.words.codes."""

TEXT = """
# People, teams, tokens
admin_only | 403 | Administrators do this. | Ask one.
already_revoked | 409 | The token was revoked. | Nothing to do.
bad_default_owner | 400 | The default owner has to be active and handle cases. | Name somebody else.
bad_deputy | 400 | The deputy has to handle cases, and be somebody else. | Name somebody else.
cases_only | 403 | Those who handle cases do this. | Ask one.
code_taken | 400 | There is one with this code. | Take another code.
just_sent | 409 | A link was sent a moment ago. | Wait a minute.
last_administrator | 409 | Somebody has to remain who administers. | Make another administrator first.
lead_not_active | 400 | The lead has to be an active user. | Name somebody else.
manager_only | 403 | Managers and administrators do this. | Ask one.
name_required | 400 | The name is missing. | Send it.
name_taken | 400 | There is one with this name. | Take another name.
no_address | 409 | There is no e-mail address to send the link to. | Enter one first.
not_a_manager | 400 | This person is no manager. | Name a manager.
not_active | 409 | The account is switched off. | Switch it on first.
not_your_team | 403 | You do not lead this team. | Ask who does.
still_leads_a_team | 409 | They lead a team. | Give the team another lead first.
team_in_use | 409 | The team is in use. | Take away what names it first.
team_not_active | 400 | The team is out of use. | Name another one.
team_required | 400 | Which team is missing. | Send `team`.
unknown_person | 400 | There is nobody with this id. | GET /users/.
unknown_role | 400 | There is no such role. | agent, lead, manager, admin.
unknown_scope | 400 | There is no such scope. | `<resource>:read`, `<resource>:write` or `all`.
unknown_team | 400 | There is no team with this id. | GET /teams/.
unknown_user | 400 | There is no user with this id. | GET /users/.
until_before_from | 400 | It ends before it begins. | Exchange the two.

# Types, causes, themes, routing, views
unclassified_stays | 400 | “Unclassified” has to stay. | Nothing to do.
unknown_parent | 400 | There is nothing with this code to stand below. | Check the code.
unused_above | 400 | What stands above it is out of use. | Take that up again first.
used_below | 400 | Something below it is in use. | Take that out of use first.

# Limits
needs_none | 400 | The cap is everybody's: it has no role, team or person. | Leave them out.
not_for_everybody | 400 | Such a limit is of a role, a team or a person. | Say whose.
unknown_holder | 400 | Whose limit it is is missing. | cap, role, team or person.
unknown_kind | 400 | There is no such remedy. | The schema names those there are.
unknown_period | 400 | There is no such period. | day, week, month, quarter, year.

# Policies, calendars, rule packs
already_installed | 409 | The pack is installed. | Nothing to do.
bad_calendar | 400 | No calendar: an object with tz and weekly. | See `source` of the schema.
bad_date | 400 | No date as YYYY-MM-DD. | Send one.
bad_exceptions | 400 | The exceptions are a list of dates with their hours. | See the schema.
bad_holidays | 400 | The holidays are a list. | See `source` of the schema.
bad_interval | 400 | Hours are pairs of opening and closing time. | `["09:00", "18:00"]`.
bad_ladder | 400 | The ladder is none. | `message` says why.
bad_name | 400 | The name is too long, or no text. | Send a shorter one.
bad_reading | 400 | No time as HH:MM, or 24:00 where it opens. | Send one.
bad_seasons | 400 | The seasons are a list. | See `source` of the schema.
bad_target | 400 | The target is none. | `message` says why.
bad_weekday | 400 | No weekday. | mon to sun.
bad_weekly | 400 | The week is an object with a list for each weekday. | See `source` of the schema.
bad_years | 400 | Too many years, or out of reach. | Send fewer.
backwards | 400 | The season ends before it begins. | Exchange the two.
before_the_law | 400 | It lies before the day from which the rules hold. | `edition` of the pack says which.
calendar_in_use | 409 | Something counts by the calendar. | Change that first.
calendar_not_active | 400 | The calendar is out of use. | Name another one.
calendar_not_in_use | 400 | The calendar is out of use. | Name another one.
calendar_not_published | 400 | The calendar was not published. | Publish it first.
country_required | 400 | A time zone is chosen for a new calendar only, with its country. | Send `country` too.
default_stays | 409 | The last policy catches all others: it stays, and stays last. | Nothing to do.
default_without_conditions | 400 | The last policy has no conditions. | Leave them out.
draft_changed | 409 | The draft has changed since you read it. | Read it again.
draft_open | 409 | There is a draft already. | Go on with it, or discard it.
duplicate_date | 400 | A date stands twice. | Send it once.
edit_not_ready | 409 | The change was not previewed completely, or it was dropped or applied. | Read its `status`.
edit_running | 409 | Another change is being applied. | Wait until it is done.
empty_interval | 400 | It opens and closes at the same time. | Leave it out, or correct it.
in_force_changed | 409 | What is in force has changed since the preview. | Preview it again.
naive_instant | 400 | An instant needs its zone. | End with Z.
never_opens | 400 | No weekday has hours. | Open at least one.
no_draft | 409 | There is no draft. | Begin one.
not_a_draft | 409, 400 | Only a draft can be changed; this was published. | Begin a draft.
not_installed | 409 | The pack is no longer installed. | Nothing to do.
nothing_changed | 409 | The draft is the same as what is in force. | Change something, or discard it.
nothing_newer | 409 | There is no newer edition. | Nothing to do.
overlap | 400 | Two stretches of hours overlap. | Join them.
preview_outdated | 409 | The preview is more than an hour old, or complaints have changed since. | Preview it again.
required_by_pack | 400, 409 | The pack asks for something that is missing. | `message` names it.
seasons_overlap | 400 | Two seasons share a day. | Part them.
seasons_too_long | 400 | Seasons last ten years at most, all of them together. | Leave out those long past or far ahead.
too_many_holidays | 400 | More holidays than are taken. | `message` says how many.
too_many_rows | 400 | More stretches of hours in a day than are taken. | `message` says how many.
too_many_seasons | 400 | More seasons than are taken. | `message` says how many.
unknown_calendar | 400 | There is no such calendar. | GET /calendars/.
unknown_condition | 400 | There is no such condition. | types, channels, tiers, teams.
unknown_country | 400 | The pack does not hold there, or no holidays are known. | `countries` of the pack names them.
unknown_pack | 400 | There is no rule pack with this code. | GET /rule-packs/shipped/.
unknown_subdivision | 400 | No holidays are known of this part of the country. | Name the country alone.
unknown_value | 400 | The pack knows no such text to fill in. | GET /rule-packs/shipped/.
unknown_version | 400 | The calendar has no such version. | GET the calendar.

# Macros, playbooks, articles
empty_macro | 400 | A macro has words or a step. | Send one of them.
invalid_days | 400 | No such number of days. | `message` says which are taken.
invalid_key | 400 | No key of a step. | Small letters, digits, hyphens.
invalid_number | 400 | Not the number of a version. | GET `versions/`.
macro_not_active | 409 | The macro is out of use. | Take another one.
macro_step_refused | 409 | A step of the macro was refused, so nothing of it was done. | `detail` says which and why.
not_published | 409 | The version is not published. | Wait for it.
not_your_circle | 403 | You cannot make macros for them. | Make your own, or ask a lead.
not_your_macro | 403 | The macro is not yours to change. | Make your own.
nothing_to_send | 409 | The playbook has no part for the customer. | Write a message.
steps_required | 400 | A playbook has at least one step. | Send one.
stray_brackets | 400 | Brackets that belong to nothing. | `message` shows them.
too_many_steps | 400 | More steps than a macro has. | `message` says how many.
type_taken | 400 | The type has a playbook. | Change that one.
unknown_act | 400 | This cannot come with a macro. | thanks, apology.
unknown_article | 400 | There is no such article. | GET /articles/.
unknown_circle | 400 | For whom it is is missing. | me, team or all.
unknown_macro | 400 | There is no such macro, or not one you may use. | GET /macros/.
unknown_purpose | 400 | What it is for is missing. | reply, note or final.
unknown_step | 400 | There is no such step. | The schema, or the playbook, names those there are.
unknown_variable | 400 | There is no such variable. | GET /macros/variables/.
what_changed_required | 400 | What is new in it is missing. | Write it in `what_changed`.
wrong_purpose | 400 | The macro is for something else. | Take another one.

# Figures
invalid_horizon | 400 | No such number of days. | The message says which are taken.
invalid_month | 400 | No month such as 2026-03. | Send YYYY-MM.
period_required | 400 | From when to when is missing. | Send `from` and `to` to compare.
too_many_groups | 400 | The period is too long for groups this short. | Group by longer ones.
unknown_comparison | 400 | There is no such comparison. | previous or year.
unknown_figure | 400 | No figure of this name can have a target. | GET /metrics/.
unknown_grouping | 400 | The figure cannot be grouped by this. | `group_by` of GET /metrics/.
unknown_part | 400 | There is no such part. | The message names those there are.
unknown_time_zone | 400 | No time zone of the IANA list. | Europe/Lisbon, America/Sao_Paulo, …

# Files in and out
case_file_busy | 503 | As many case files as may are being made. | Wait `Retry-After`.
case_file_failed | 503 | The PDF could not be made. | The JSON edition says the same.
case_file_too_large | 409 | The case is too large for one file. | Read messages, trail and attachments one by one.
column_twice | 400 | Two of their columns are mapped to one of ours. | Map one of them.
cut_off | 400 | The file came in only in part. | Send it again.
cursor_ahead | 410 | The position is that of another database. | Read what you keep anew, then go on at `latest`.
empty_file | 400 | The file is empty. | Send another one.
file_too_large | 400 | The file is larger than is taken. | `message` says how large.
files_too_large | 400 | The files together are larger than is taken. | Send fewer with one message.
invalid_types | 400 | No types of events. | `complaint.filed`, `customer.*`; commas between.
too_many_exports | 409 | Five of your exports wait already. | Wait until one is done.
too_many_files | 400 | More files than one message takes. | Send some with the next one.
unknown_column | 400 | There is no such column. | `message` names those there are.
unknown_format | 400 | There is no such format. | csv or jsonl.
unknown_preset | 400 | There is no such preset for this kind. | The schema names those there are.
unknown_resource | 400 | This list is not exported. | The schema names those that are.
unreadable | 400 | The file cannot be read. | `message` says where.
wrong_step | 409 | The import is not at this step. | Read its `state`.

# Drafts, notifications, letters
always_in_inbox | 400 | This always stands in the inbox. | Leave `inbox` out.
not_failed | 409 | The letter was not given up. | Nothing to do.
too_many_drafts | 400 | There are too many drafts. | Send or clear some.
unknown_event | 400 | There is no such event. | The message, or the schema, names those there are.
unknown_place | 400 | There is no such place for a draft. | `reply:` or `note:` and a reference, or `intake`.

# Webhooks
address_not_allowed | 400 | Webhooks may not be sent to this address. | Public, over https, port 443, 80 or from 8000.
already_disabled | 409 | The webhook is disabled. | Nothing to do.
already_enabled | 409 | The webhook is active. | Nothing to do.
too_many_webhooks | 409 | There are as many webhooks as there may be. | Take one away first.
webhook_disabled | 409 | The webhook is disabled. | Enable it first.
"""
