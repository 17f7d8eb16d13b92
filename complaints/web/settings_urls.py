"""Addresses of the settings (interface.md, Pages: /settings/...). They stand here because people leaving moves
cases."""

from django.urls import URLPattern, URLResolver, path

from complaints.web.settings import (
    authority_urls,
    calendar_urls,
    channels,
    index,
    macros,
    mail,
    organisation,
    packs,
    rules,
    sla_urls,
    sorting,
    teams,
    tokens,
    trail,
    user_acts,
    users,
    webhook_urls,
)


def _tree(kind: sorting.Kind, place: str) -> list[URLPattern | URLResolver]:
    """List, new, edit and move of one of the lists."""
    return [
        path(f"settings/{place}/", sorting.index_of(kind), name=kind.here),
        path(f"settings/{place}/new/", sorting.new_of(kind), name=f"{kind.name}_new"),
        path(f"settings/{place}/<int:row_id>/", sorting.edit_of(kind), name=kind.name),
        path(f"settings/{place}/<int:row_id>/position/", sorting.move_of(kind), name=f"{kind.name}_move"),
    ]


_USER = "settings/users/<int:user_id>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("settings/", index.index, name="settings"),
    path("settings/users/", users.index, name="settings_users"),
    path("settings/users/new/", users.new, name="settings_user_new"),
    path(_USER, users.user, name="settings_user"),
    path(_USER + "absences/", user_acts.absences, name="settings_absences"),
    path(_USER + "absences/<int:absence_id>/end/", user_acts.end_absence, name="settings_absence_end"),
    path(_USER + "password-link/", user_acts.send_link, name="settings_user_link"),
    path(_USER + "deactivation/", user_acts.deactivation, name="settings_user_deactivation"),
    path(_USER + "reactivation/", user_acts.reactivation, name="settings_user_reactivation"),
    path("settings/teams/", teams.index, name="settings_teams"),
    path("settings/teams/new/", teams.new, name="settings_team_new"),
    path("settings/teams/<int:team_id>/", teams.team, name="settings_team"),
    *_tree(sorting.TYPES, "types"),
    *_tree(sorting.CAUSES, "root-causes"),
    *_tree(sorting.THEMES, "themes"),
    path("settings/channels/", channels.index, name="settings_channels"),
    path("settings/channels/<slug:code>/", channels.channel, name="settings_channel"),
    path("settings/channels/<slug:code>/position/", channels.move, name="settings_channel_move"),
    path("settings/routing/", rules.index, name="settings_rules"),
    path("settings/routing/new/", rules.new, name="settings_rule_new"),
    path("settings/routing/<int:rule_id>/", rules.rule, name="settings_rule"),
    path("settings/routing/<int:rule_id>/position/", rules.move, name="settings_rule_move"),
    path("settings/routing/<int:rule_id>/removal/", rules.remove, name="settings_rule_remove"),
    path("settings/macros/", macros.index, name="settings_macros"),
    path("settings/macros/new/", macros.new, name="settings_macro_new"),
    path("settings/macros/look/<slug:language>/", macros.look, name="settings_macro_look"),
    path("settings/macros/<int:macro_id>/", macros.macro, name="settings_macro"),
    path("settings/macros/<int:macro_id>/position/", macros.move, name="settings_macro_move"),
    path("settings/macros/<int:macro_id>/versions/<int:number>/", macros.version, name="settings_macro_version"),
    *sla_urls.urlpatterns,
    *calendar_urls.urlpatterns,
    *authority_urls.urlpatterns,
    path("settings/packs/", packs.index, name="settings_packs"),
    path("settings/packs/<slug:code>/installation/", packs.install, name="settings_pack_install"),
    path("settings/packs/<int:pack_id>/removal/", packs.remove, name="settings_pack_remove"),
    path("settings/packs/<int:pack_id>/edition/", packs.update, name="settings_pack_update"),
    path("settings/organisation/", organisation.organisation, name="settings_organisation"),
    path("settings/tokens/", tokens.index, name="settings_tokens"),
    path("settings/tokens/new/", tokens.new, name="settings_token_new"),
    path("settings/tokens/<int:token_id>/revocation/", tokens.revoke, name="settings_token_revoke"),
    *webhook_urls.urlpatterns,
    path("settings/mail/", mail.index, name="settings_mail"),
    path("settings/mail/<int:message_id>/", mail.message, name="settings_mail_message"),
    path("settings/mail/<int:message_id>/retry/", mail.retry, name="settings_mail_retry"),
    path("settings/trail/", trail.index, name="settings_trail"),
]
