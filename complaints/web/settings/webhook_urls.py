"""Addresses of the pages about webhooks."""

from django.urls import path

from complaints.web.settings import webhooks

_ONE = "settings/webhooks/<int:webhook_id>/"
_DELIVERY = "settings/webhooks/deliveries/<int:delivery_id>/"

urlpatterns = [
    path("settings/webhooks/", webhooks.index, name="settings_webhooks"),
    path("settings/webhooks/new/", webhooks.new, name="settings_webhook_new"),
    path(_DELIVERY, webhooks.delivery, name="settings_webhook_delivery"),
    path(_DELIVERY + "redelivery/", webhooks.redeliver, name="settings_webhook_delivery_again"),
    path(_ONE, webhooks.webhook, name="settings_webhook"),
    path(_ONE + "edit/", webhooks.edit, name="settings_webhook_edit"),
    path(_ONE + "secret/", webhooks.secret, name="settings_webhook_secret"),
    path(_ONE + "state/", webhooks.state, name="settings_webhook_state"),
    path(_ONE + "removal/", webhooks.remove, name="settings_webhook_removal"),
    path(_ONE + "test/", webhooks.test, name="settings_webhook_test"),
    path(_ONE + "redelivery/", webhooks.redeliver_failed, name="settings_webhook_redelivery"),
]
