"""Addresses of the policies' draft, of edits of deadlines, and of the simulator."""

from django.urls import URLPattern, URLResolver, path

from complaints.web.settings import policies, simulator, sla, sla_edits

_DRAFT = "settings/sla/draft/"
_POLICY = _DRAFT + "policies/<int:policy_id>/"
_EDIT = "settings/sla/edits/<int:edit_id>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("settings/sla/", sla.index, name="settings_sla"),
    path(_DRAFT, policies.draft, name="settings_sla_draft"),
    path(_DRAFT + "begin/", policies.begin, name="settings_sla_draft_begin"),
    path(_DRAFT + "discard/", policies.discard, name="settings_sla_draft_discard"),
    path(_DRAFT + "preview/", policies.preview, name="settings_sla_draft_preview"),
    path(_DRAFT + "policies/new/", policies.new, name="settings_sla_policy_new"),
    path(_POLICY, policies.policy, name="settings_sla_policy"),
    path(_POLICY + "position/", policies.move, name="settings_sla_policy_move"),
    path(_POLICY + "removal/", policies.remove, name="settings_sla_policy_remove"),
    path("settings/sla/edits/", sla_edits.index, name="settings_sla_edits"),
    path(_EDIT, sla_edits.edit, name="settings_sla_edit"),
    path(_EDIT + "rows/", sla_edits.rows, name="settings_sla_edit_rows"),
    path(_EDIT + "application/", sla_edits.apply, name="settings_sla_edit_apply"),
    path(_EDIT + "drop/", sla_edits.drop, name="settings_sla_edit_drop"),
    path(_EDIT + "mode/", sla_edits.mode, name="settings_sla_edit_mode"),
    path("settings/sla/simulator/", simulator.index, name="settings_sla_simulator"),
]
