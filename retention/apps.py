from django.apps import AppConfig


class RetentionConfig(AppConfig):
    """Wiring of the `retention` app."""

    name = "retention"
    default_auto_field = "django.db.models.BigAutoField"
