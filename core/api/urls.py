"""The addresses of the API that belong to no other floor; `config/api.py` includes them under /api/v1/."""

from django.urls import path

from core.api import account, drafts, mail, notifications, tokens, webhooks
from core.api.docs import Index, SchemaView, docs
from core.api.guide import guide

urlpatterns = [
    path("", Index.as_view(), name="api-index"),
    path("schema/", SchemaView.as_view(), name="api-schema"),
    path("docs/", docs, name="api-docs"),
    path("guide/", guide, name="api-guide"),
    path("guide/<slug:name>/", guide, name="api-guide-page"),
    path("notifications/", notifications.Notifications.as_view(), name="api-notifications"),
    path("notifications/read-all/", notifications.AllRead.as_view(), name="api-notifications-read"),
    path("notifications/preferences/", notifications.Preferences.as_view(), name="api-notification-preferences"),
    path("notifications/<int:pk>/read/", notifications.OneRead.as_view(), name="api-notification-read"),
    path("account/", account.Account.as_view(), name="api-account"),
    path("tokens/", tokens.Tokens.as_view(), name="api-tokens"),
    path("tokens/<int:pk>/", tokens.OneToken.as_view(), name="api-token"),
    path("mail/", mail.Mail.as_view(), name="api-mail"),
    path("mail/<int:pk>/", mail.OneMail.as_view(), name="api-mail-message"),
    path("mail/<int:pk>/retry/", mail.Retry.as_view(), name="api-mail-retry"),
    path("drafts/", drafts.Drafts.as_view(), name="api-drafts"),
    path("drafts/<str:place>/", drafts.OneDraft.as_view(), name="api-draft"),
    path("webhooks/", webhooks.Webhooks.as_view(), name="api-webhooks"),
    path("webhooks/<int:pk>/", webhooks.OneWebhook.as_view(), name="api-webhook"),
    path("webhooks/<int:pk>/secret/", webhooks.SecretRoll.as_view(), name="api-webhook-secret"),
    path("webhooks/<int:pk>/test/", webhooks.TestEvent.as_view(), name="api-webhook-test"),
    path("webhooks/<int:pk>/redelivery/", webhooks.Redelivery.as_view(), name="api-webhook-redelivery"),
    path("webhook-deliveries/", webhooks.Deliveries.as_view(), name="api-webhook-deliveries"),
    path("webhook-deliveries/<int:pk>/", webhooks.OneDelivery.as_view(), name="api-webhook-delivery"),
    path(
        "webhook-deliveries/<int:pk>/redelivery/",
        webhooks.OneRedelivery.as_view(),
        name="api-webhook-delivery-redelivery",
    ),
]
