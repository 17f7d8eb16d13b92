"""Required steps that are still open, and whether they hold back resolving (mission A6)."""

from __future__ import annotations

from django.utils.translation import gettext as _

from complaints.models import Complaint, StepDone
from complaints.playbooks.content import Step
from complaints.playbooks.memory import Edition, edition_for
from core import languages
from core.errors import DomainError


class StepsOpen(DomainError):
    """The playbook lets nobody resolve such a case before these steps."""

    code = "steps_open"


def refuse_while_open(complaint: Complaint) -> None:
    """Raises StepsOpen where the playbook holds back resolving and a required step is neither done nor set aside.

    Query cost: none, and 1 where the playbook does.
    """
    edition = edition_for(complaint.type_id)
    if edition is None or not edition.whole.blocks_resolving:
        return
    if missing := open_steps(complaint, edition):
        steps = ", ".join(languages.quoted(step.title) for step in missing)
        raise StepsOpen(_("The playbook asks for these steps first: %(steps)s.") % {"steps": steps})


def open_steps(complaint: Complaint, edition: Edition) -> list[Step]:
    """The required steps that are neither done nor set aside. Query cost: 1."""
    done = set(StepDone.objects.filter(complaint=complaint).values_list("key", flat=True))
    return [step for step in edition.steps if step.required and step.key not in done]
