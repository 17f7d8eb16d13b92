"""Addresses of the limits of authority and their draft."""

from django.urls import URLPattern, URLResolver, path

from complaints.web.settings import authority

_DRAFT = "settings/authority/draft/"
_LIMIT = _DRAFT + "limits/<int:limit_id>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("settings/authority/", authority.index, name="settings_authority"),
    path("settings/authority/versions/", authority.versions, name="settings_authority_versions"),
    path(_DRAFT, authority.draft, name="settings_authority_draft"),
    path(_DRAFT + "begin/", authority.begin, name="settings_authority_draft_begin"),
    path(_DRAFT + "discard/", authority.discard, name="settings_authority_draft_discard"),
    path(_DRAFT + "publication/", authority.publish, name="settings_authority_publish"),
    path(_DRAFT + "limits/new/", authority.new, name="settings_authority_limit_new"),
    path(_LIMIT, authority.limit, name="settings_authority_limit"),
    path(_LIMIT + "position/", authority.move, name="settings_authority_limit_move"),
    path(_LIMIT + "removal/", authority.remove, name="settings_authority_limit_remove"),
]
