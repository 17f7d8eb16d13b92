"""Addresses of the calendars, below the deadlines they belong to."""

from django.urls import URLPattern, URLResolver, path

from complaints.web.settings import calendar_holidays, calendars

_ONE = "settings/calendars/<int:calendar_id>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("settings/calendars/", calendars.index, name="settings_calendars"),
    path("settings/calendars/new/", calendars.new, name="settings_calendar_new"),
    path(_ONE, calendars.calendar, name="settings_calendar"),
    path(_ONE + "draft/", calendars.draft, name="settings_calendar_draft"),
    path(_ONE + "draft/removal/", calendars.discard, name="settings_calendar_discard"),
    path(_ONE + "draft/preview/", calendars.preview, name="settings_calendar_preview"),
    path(_ONE + "draft/holidays/", calendar_holidays.of_country, name="settings_calendar_holidays"),
    path(_ONE + "draft/file/", calendar_holidays.of_file, name="settings_calendar_file"),
    path(_ONE + "draft/days/", calendar_holidays.add, name="settings_calendar_days"),
]
