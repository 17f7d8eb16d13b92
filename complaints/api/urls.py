"""Complaints and their catalogue in the API. A state change is a resource of its own (house.md, Style)."""

from django.urls import include, path

import complaints.converters  # noqa: F401  registers <reference:...>
from complaints.api import (
    acceptance,
    calendars,
    catalogue,
    changes,
    conversation,
    customer,
    packs,
    pending,
    policies,
    teams,
)
from complaints.api import complaints as views

_ONE = "complaints/<reference:reference>/"

urlpatterns = [
    path("complaints/", views.Complaints.as_view(), name="api-complaints"),
    path(_ONE, views.OneComplaint.as_view(), name="api-complaint"),
    path(_ONE + "acknowledgement/", changes.Acknowledgement.as_view(), name="api-acknowledgement"),
    path(_ONE + "investigation/", changes.Investigation.as_view(), name="api-investigation"),
    path(_ONE + "customer/", customer.CustomerOf.as_view(), name="api-complaint-customer"),
    path(_ONE + "owner/", changes.Owner.as_view(), name="api-owner"),
    path(_ONE + "classification/", changes.Classification.as_view(), name="api-classification"),
    path(_ONE + "pause/", changes.Pause.as_view(), name="api-pause"),
    path(_ONE + "resolution/", changes.Resolution.as_view(), name="api-resolution"),
    path(_ONE + "acceptance/", acceptance.Acceptance.as_view(), name="api-acceptance"),
    path(_ONE + "extension/", changes.Extension.as_view(), name="api-extension"),
    path(_ONE + "closure/", changes.Closure.as_view(), name="api-closure"),
    path(_ONE + "reopening/", changes.Reopening.as_view(), name="api-reopening"),
    path(_ONE + "withdrawal/", changes.Withdrawal.as_view(), name="api-withdrawal"),
    path(_ONE + "release/", changes.Release.as_view(), name="api-release"),
    path(_ONE + "watch/", changes.Watching.as_view(), name="api-watch"),
    path(_ONE + "messages/", conversation.Messages.as_view(), name="api-messages"),
    path(_ONE + "messages/pending/", pending.PendingMessages.as_view(), name="api-pending-messages"),
    path(_ONE + "messages/pending/<int:pk>/", pending.OnePending.as_view(), name="api-pending-message"),
    path(_ONE + "messages/pending/<int:pk>/sending/", pending.Sending.as_view(), name="api-pending-sending"),
    path(_ONE + "notes/", conversation.Notes.as_view(), name="api-notes"),
    path(_ONE + "events/", conversation.Events.as_view(), name="api-events"),
    path("complaint-types/", catalogue.Types.as_view(), name="api-complaint-types"),
    path("root-causes/", catalogue.RootCauses.as_view(), name="api-root-causes"),
    path("channels/", catalogue.Channels.as_view(), name="api-channels"),
    path("agents/", catalogue.Agents.as_view(), name="api-agents"),
    path("teams/", catalogue.Teams.as_view(), name="api-teams"),
    path("teams/<int:pk>/", teams.OneTeam.as_view(), name="api-team"),
    path("rule-packs/", packs.Packs.as_view(), name="api-rule-packs"),
    path("rule-packs/<int:pack_id>/", packs.OnePack.as_view(), name="api-rule-pack"),
    path("rule-packs/<int:pack_id>/edition/", packs.Edition.as_view(), name="api-rule-pack-edition"),
    path("rule-packs/shipped/", packs.Shipped.as_view(), name="api-rule-packs-shipped"),
    path("calendars/", calendars.Calendars.as_view(), name="api-calendars"),
    path("calendars/<int:pk>/", calendars.OneCalendar.as_view(), name="api-calendar"),
    path("calendars/<int:pk>/draft/", calendars.Draft.as_view(), name="api-calendar-draft"),
    path("routing-rules/", catalogue.RoutingRules.as_view(), name="api-routing-rules"),
    path("sla-policies/", policies.Policies.as_view(), name="api-sla-policies"),
    path("sla-policies/<int:policy_id>/", policies.OnePolicy.as_view(), name="api-sla-policy"),
    path("sla-policies/<int:policy_id>/position/", policies.Position.as_view(), name="api-sla-policy-position"),
    path("sla-policies/versions/", policies.Versions.as_view(), name="api-sla-versions"),
    path("sla-policies/draft/", policies.Draft.as_view(), name="api-sla-draft"),
    path("sla-policies/edits/", policies.Edits.as_view(), name="api-sla-edits"),
    path("sla-policies/edits/<int:edit_id>/", policies.OneEdit.as_view(), name="api-sla-edit"),
    path("sla-policies/edits/<int:edit_id>/application/", policies.Application.as_view(), name="api-sla-application"),
    path("sla-policies/simulate/", policies.Simulate.as_view(), name="api-sla-simulate"),
    path("", include("complaints.api.ownership_urls")),
]
