from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class RetentionConfig(AppConfig):
    """Wiring of the `retention` app."""

    name = "retention"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Triggers leave SQLite's way while tables are migrated."""
        from retention import ledger

        pre_migrate.connect(ledger.before_migrations, sender=self)
        post_migrate.connect(ledger.after_migrations, sender=self)
