"""Addresses of the account pages (names: login, preferences, set_language, ...)."""

from django.urls import URLPattern, URLResolver, include, path

from core.web import account, drafts, language

urlpatterns: list[URLPattern | URLResolver] = [
    path("login/", account.login, name="login"),
    path("logout/", account.logout, name="logout"),
    path("signed-out/", account.logged_out, name="logged_out"),
    path("preferences/", account.preferences, name="preferences"),
    path("preferences/password/", account.password_change, name="password_change"),
    path("password/", account.password_reset, name="password_reset"),
    path("password/sent/", account.password_reset_done, name="password_reset_done"),
    path("password/<uidb64>/<token>/", account.password_reset_confirm, name="password_reset_confirm"),
    path("password/done/", account.password_reset_complete, name="password_reset_complete"),
    path("drafts/<str:place>/", drafts.draft, name="draft"),
    path("language/", language.set_language, name="set_language"),
    path("", include("core.web.notification_urls")),
]
