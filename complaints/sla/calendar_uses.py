"""What of deadlines rests on a calendar: policies in force and drafted, rule packs, previews of its draft (SLA 3)."""

from __future__ import annotations

from django.utils.translation import gettext as _

from complaints.models import RulePack, SlaEdit, SlaPolicy, SlaVersion


def uses(calendar_id: int) -> list[str]:
    """The policies in force and of the open draft and the installed packs that count by this calendar, in words.
    Query cost: 4."""
    newest = SlaVersion.objects.filter(published_at__isnull=False).order_by("-number").values_list("pk", flat=True)[:1]
    policies = SlaPolicy.objects.filter(calendar=calendar_id).order_by("position")
    in_force = list(policies.filter(version__in=list(newest)).values_list("name", flat=True))
    drafted = policies.filter(version__published_at__isnull=True).values_list("name", flat=True)
    packs = RulePack.objects.filter(calendar=calendar_id, removed_at__isnull=True)
    return [
        *(_("policy “%(name)s”") % {"name": name} for name in in_force),
        *(_("policy “%(name)s” of the draft") % {"name": name} for name in drafted if name not in in_force),
        *(_("rule pack %(name)s") % {"name": str(pack)} for pack in packs),
    ]


def release(version_id: int) -> None:
    """Previews of a draft that goes have nothing to show any more; nothing of them was ever applied. Query cost: 1."""
    SlaEdit.objects.filter(calendar_version=version_id, calendar_version__published_at__isnull=True).delete()
