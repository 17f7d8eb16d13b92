"""What complaints say, piece by piece, to show where something was found. Query cost: 1 for a page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints.search.snippets import Piece, Snippet, best
from complaints.search.words import Matcher, Question

LONGEST = 20_000  # characters of one text that are looked through for the place
PLACES: dict[str, str | Promise] = {
    "subject": _("Subject"),
    "description": _("Description"),
    "expectation": _("What the customer expects"),
    "remedy": _("Remedy sought"),
    "in": _("Message from the customer"),
    "out": _("Message to the customer"),
    "note": _("Internal note"),
    "summary": _("What was done"),
    "name": pgettext_lazy("of a person", "Name"),
}
_ORDER = {place: number for number, place in enumerate(PLACES)}
_TEXTS = """
SELECT c.id, 'subject', c.subject, c.language, 0 FROM complaints_complaint c WHERE c.id IN ({keys})
UNION ALL SELECT c.id, 'name', k.name, '', 0 FROM complaints_complaint c
    JOIN retention_customer k ON k.id = c.customer_id WHERE c.id IN ({keys})
UNION ALL SELECT c.id, 'description', substr(n.description, 1, {long}), c.language, 0
    FROM complaints_narrative n JOIN complaints_complaint c ON c.id = n.complaint_id WHERE c.id IN ({keys})
UNION ALL SELECT c.id, 'expectation', substr(n.expectation, 1, {long}), c.language, 0
    FROM complaints_narrative n JOIN complaints_complaint c ON c.id = n.complaint_id
    WHERE c.id IN ({keys}) AND n.expectation <> ''
UNION ALL SELECT c.id, 'remedy', substr(n.remedy_sought, 1, {long}), c.language, 0
    FROM complaints_narrative n JOIN complaints_complaint c ON c.id = n.complaint_id
    WHERE c.id IN ({keys}) AND n.remedy_sought <> ''
UNION ALL SELECT c.id, 'summary', substr(n.summary, 1, {long}), c.language, 0
    FROM complaints_narrative n JOIN complaints_complaint c ON c.id = n.complaint_id
    WHERE c.id IN ({keys}) AND n.summary <> ''
UNION ALL SELECT c.id, m.direction, substr(m.body, 1, {long}), c.language, m.id
    FROM complaints_message m JOIN complaints_complaint c ON c.id = m.complaint_id WHERE c.id IN ({keys})
UNION ALL SELECT c.id, 'note', substr(o.body, 1, {long}), coalesce(nullif(u.language, ''), c.language), o.id
    FROM complaints_note o JOIN complaints_complaint c ON c.id = o.complaint_id
    LEFT JOIN core_user u ON u.id = o.author_id WHERE c.id IN ({keys})
"""


def snippets(keys: Sequence[int], question: Question) -> dict[int, Snippet]:
    """For each complaint the place where most of the words stand; the newest of several messages. Query cost: 1."""
    if not keys:
        return {}
    matcher = Matcher(question.wanted)
    listed = ", ".join(str(int(key)) for key in keys)
    with connection.cursor() as cursor:
        cursor.execute(_TEXTS.format(keys=listed, long=LONGEST))
        rows = cursor.fetchall()
    pieces: dict[int, list[tuple[int, int, Piece]]] = defaultdict(list)
    for key, place, text, language, number in rows:
        pieces[key].append((_ORDER[place], -number, Piece(place, text, language)))
    found = {}
    for key, told in pieces.items():
        told.sort(key=lambda one: one[:2])
        if (snippet := best([piece for _place, _number, piece in told], matcher)) is not None:
            found[key] = snippet
    return found
