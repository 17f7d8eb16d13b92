from django.apps import AppConfig


class ComplaintsConfig(AppConfig):
    """Wiring of the `complaints` app."""

    name = "complaints"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the ground floor what a reference names (manage.py verify_trail AM-...), which mails to look at once
        more before they leave, and what rests on a calendar."""
        from complaints.sla import calendar_uses as uses
        from complaints.sla import still_true
        from core import calendar_uses, outbox_guards, trail_subjects

        trail_subjects.register(_by_reference)
        calendar_uses.register(uses.uses, uses.release)
        for template in still_true.GUARDED:
            outbox_guards.register(template, still_true.guard)


def _by_reference(name: str) -> tuple[str, int] | None:
    from complaints.models import Complaint

    found = Complaint.objects.filter(reference=name).values_list("pk", flat=True).first()
    return ("complaint", found) if found else None
