from core.models.calendars import Calendar, CalendarVersion
from core.models.desk import (
    Draft,
    Notification,
    NotificationChoice,
    NotificationEvent,
    NotificationMail,
    Presence,
)
from core.models.imports import ImportRun
from core.models.organisation import OnDecline, Organisation
from core.models.outbox import OutboxMessage
from core.models.people import Absence, LoginFailure, Team, User
from core.models.tokens import ApiToken, Heartbeat, IdempotencyKey
from core.models.trail import TrailAnchor, TrailEntry
from core.models.webhooks import (
    DeliveryState,
    DisabledBecause,
    Webhook,
    WebhookAttempt,
    WebhookDelivery,
    WebhookMessage,
    WebhookState,
)

__all__ = [
    "Absence",
    "ApiToken",
    "Calendar",
    "CalendarVersion",
    "DeliveryState",
    "DisabledBecause",
    "Draft",
    "Heartbeat",
    "IdempotencyKey",
    "ImportRun",
    "LoginFailure",
    "Notification",
    "NotificationChoice",
    "NotificationEvent",
    "NotificationMail",
    "OnDecline",
    "Organisation",
    "OutboxMessage",
    "Presence",
    "Team",
    "TrailAnchor",
    "TrailEntry",
    "User",
    "Webhook",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookMessage",
    "WebhookState",
]
