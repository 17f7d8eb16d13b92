"""Confirm having read a version of a playbook or an article (mission A6: every team confirms having read it)."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext_lazy

from complaints.models import ArticleVersion, PlaybookVersion, Reading
from complaints.playbooks import reading
from core import rows, trail
from core.actor import Actor
from core.errors import DomainError, NotAllowed
from core.models import Notification


class NotPublished(DomainError):
    """A draft is not yet to be read."""

    code = "not_published"
    message = gettext_lazy("This version is not published.")


@transaction.atomic
def confirm(version: models.Model, *, by: Actor, at: datetime) -> Reading:
    """Whoever acts has read the version; confirming again changes nothing. Their notification of it is read too.

    Raises NotAllowed for those who take no cases, NotPublished. Query cost: 4; 1 when it was confirmed before.
    """
    assert isinstance(version, PlaybookVersion | ArticleVersion)  # noqa: S101
    user = by.user
    if user is None or not user.sees_cases:
        raise NotAllowed(code="cases_only")
    if version.published_at is None:
        raise NotPublished
    name = "playbook_version" if isinstance(version, PlaybookVersion) else "article_version"
    earlier = Reading.objects.filter(user=user, **{name: version}).first()
    if earlier is not None:
        return earlier
    made = Reading(user=user, at=at, **{name: version})
    rows.give_ids(made)
    facts = {name: version.pk, "number": version.number, "user": user.pk}
    if not _written(made):
        return Reading.objects.get(user=user, **{name: version})
    rows.insert([trail.build(made, "reading.confirmed", by=by, at=at, changes=facts)])
    kind = "playbook" if isinstance(version, PlaybookVersion) else "article"
    told = Notification.objects.filter(user=user, key=f"{kind}:{version.pk}", read_at__isnull=True)
    told.update(read_at=at)
    transaction.on_commit(reading.counts.clear)
    reading.counts.clear()
    return made


def _written(made: Reading) -> bool:
    """Whether the row is new: two tabs may confirm at the same instant."""
    try:
        with transaction.atomic():
            rows.insert([made])
    except IntegrityError:
        return False
    return True
