from django.apps import AppConfig


class ComplaintsConfig(AppConfig):
    """Wiring of the `complaints` app."""

    name = "complaints"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the ground floor what a reference names (manage.py verify_trail AM-...)."""
        from core import trail_subjects

        trail_subjects.register(_by_reference)


def _by_reference(name: str) -> tuple[str, int] | None:
    from complaints.models import Complaint

    found = Complaint.objects.filter(reference=name).values_list("pk", flat=True).first()
    return ("complaint", found) if found else None
