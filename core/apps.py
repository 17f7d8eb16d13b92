from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Wiring of the `core` app."""

    name = "core"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Look at mails to people of ours once more before they leave: they may not see the case any more."""
        from core import notify_sight, outbox_guards

        for template in notify_sight.GUARDED:
            outbox_guards.register(template, notify_sight.guard)
