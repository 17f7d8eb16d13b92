"""People named in a note are told, and see the case from then on (mission D3)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from complaints import mentions
from complaints.actions import telling
from complaints.actions.watch import let_see
from complaints.mentions import USER, Mention
from complaints.models import Complaint, Note
from core.actor import Actor
from core.models import NotificationEvent as Event
from core.models import Team, User

EXCERPT = 200  # characters of the note that the notification shows


def tell(note: Note, complaint: Complaint, *, by: Actor, at: datetime, also: Iterable[User] = ()) -> telling.Rows:
    """Note down on `note`, not yet written, whom it names; the rows that tell them. `also`: named beside the text.

    Who would not see the locked case follows it from now on. Query cost: none where nobody is named, else 2, and 3 for
    each person.
    """
    found = mentions.found_in(note.body)
    named = {one.key for one in found if one.kind == USER}
    found += [Mention(0, 0, USER, pk) for pk in sorted({user.pk for user in also} - named)]
    note.mentions = [list(one) for one in found]
    whom = mentions.people_of(found)
    whom.pop(by.user_id or 0, None)
    if not whom:
        return []
    people = User.objects.active().in_bulk(whom)
    teams = Team.objects.in_bulk({key for key in whom.values() if key is not None})
    rows: telling.Rows = []
    text = note.body if len(note.body) <= EXCERPT else note.body[: EXCERPT - 1].rstrip() + "…"
    for pk, team in whom.items():
        if pk not in people or not people[pk].sees_cases:
            continue
        let_see(complaint, people[pk])
        words = telling.about(complaint, by=by, what="team" if team else "", text=text)
        if team:
            words["team"] = str(teams[team])
        key = f"mentioned:{note.pk}"
        rows += telling.tell([people[pk]], Event.MENTIONED, complaint, key=key, words=words, by=by, at=at)
    return rows
