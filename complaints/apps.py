from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate

if TYPE_CHECKING:
    from core.models import User


class ComplaintsConfig(AppConfig):
    """Wiring of the `complaints` app."""

    name = "complaints"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the ground floor what a reference names (manage.py verify_trail AM-...), which mails to look at once
        more before they leave, and what rests on a calendar, who may read a notification about a case, and how
        statutory clocks are called. Triggers leave SQLite's way while tables are migrated."""
        from complaints import mail_files as own_files
        from complaints.authority import guard
        from complaints.promises import still_owed
        from complaints.search import upkeep
        from complaints.sla import calendar_uses as uses
        from complaints.sla import packs, still_true
        from core import calendar_uses, mail_files, notify_sight, notify_words, outbox_guards, trail_subjects
        from core.webhooks import emit

        trail_subjects.register(_by_reference)
        emit.name_references("complaint", _references)
        notify_sight.register("complaint", _seen_by)
        notify_words.name_rules(packs.name_of)
        calendar_uses.register(uses.uses, uses.release)
        for template in still_true.GUARDED:
            outbox_guards.register(template, still_true.guard)
        for template in still_owed.GUARDED:
            outbox_guards.register(template, still_owed.guard)
        for template in own_files.TEMPLATES:
            mail_files.register(template, own_files.files_of)
        for triggers in (upkeep, guard):
            pre_migrate.connect(triggers.before_migrations, sender=self)
            post_migrate.connect(triggers.after_migrations, sender=self)


def _by_reference(name: str) -> tuple[str, int] | None:
    from complaints.models import Complaint

    found = Complaint.objects.filter(reference=name).values_list("pk", flat=True).first()
    return ("complaint", found) if found else None


def _references(keys: Collection[int]) -> dict[int, str]:
    from complaints.models import Complaint

    return dict(Complaint.objects.filter(pk__in=keys).values_list("pk", "reference"))


def _seen_by(user: User, keys: Collection[int]) -> set[int]:
    from complaints.models import Complaint

    return set(Complaint.objects.visible_to(user).filter(pk__in=keys).values_list("pk", flat=True))
