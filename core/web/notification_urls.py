"""Addresses of the inbox (names: notifications, notification_choices)."""

from django.urls import path

from core.web import notifications

urlpatterns = [
    path("notifications/", notifications.index, name="notifications"),
    path("notifications/read/", notifications.read_all, name="notifications_read"),
    path("notifications/<int:notification_id>/read/", notifications.read_one, name="notification_read"),
    path("preferences/notifications/", notifications.choices, name="notification_choices"),
]
