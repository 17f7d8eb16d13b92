"""What somebody has done today, for the page that says that all is done (ux, Agent's desk 10)."""

from __future__ import annotations

from datetime import datetime, time

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from complaints.models import Complaint, Message
from complaints.models.conversation import OUT
from core.clock import now
from core.models import User


def today(user: User) -> str:
    """Complaints resolved and messages sent since midnight where the reader is; empty for none. Query cost: 2.

    Both go by what changed today, so that an owner's past of many years is not read.
    """
    midnight = datetime.combine(timezone.localtime(now()).date(), time.min, timezone.get_current_timezone())
    changed = Complaint.objects.filter(updated_at__gte=midnight)
    resolved = changed.filter(owner=user, resolved_at__gte=midnight).count()
    sent = Message.objects.filter(complaint__in=changed, author=user, direction=OUT, at__gte=midnight).count()
    said = []
    if resolved:
        words = ngettext("%(n)s complaint resolved", "%(n)s complaints resolved", resolved)
        said.append(words % {"n": resolved})
    if sent:
        said.append(ngettext("%(n)s message sent", "%(n)s messages sent", sent) % {"n": sent})
    return _("Today: %(what)s.") % {"what": ", ".join(said)} if said else ""
