from django.apps import AppConfig


class MetricsConfig(AppConfig):
    """Wiring of the `metrics` app."""

    name = "metrics"
    default_auto_field = "django.db.models.BigAutoField"
