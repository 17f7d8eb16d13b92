from django.apps import AppConfig


class ComplaintsConfig(AppConfig):
    """Wiring of the `complaints` app."""

    name = "complaints"
    default_auto_field = "django.db.models.BigAutoField"
