"""What prepared words demand when they are sent: nothing left open, and the truth about what was sent (mission A8).

`converse.message` and `note` call these, so every door does: composer, API, send later, bulk.

What blocks a text: in one that began with a macro anything left in braces, and a personal part, [[ ... ]], nobody has
written yet; in one that did not, only the name of a variable in braces, for people may write {{ x }} or [[ y ]] (a wiki
link, a line of a program) and mean it.
"""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints import macro_values, macros
from complaints.models import Complaint, Macro, MacroVersion
from complaints.models.words import FINAL, NOTE, REPLY
from core.actor import Actor
from core.errors import InvalidInput

FOREIGN = {
    NOTE: gettext_lazy("These words are for a note among ourselves."),
    REPLY: gettext_lazy("These words are a reply."),
    FINAL: gettext_lazy("These words are a final answer: they go out with the decision."),
}


def refuse_unfinished(body: str, *, macro: MacroVersion | None = None, field: str = "body") -> None:
    """Raises InvalidInput variable_missing or personal_part_missing while a text has places nobody has filled in.

    `macro`: what the text began with; without one no personal part is looked for. No query.
    """
    variables, personal = macros.unfinished(body, ours=macro is not None)
    if variables:
        said = _("Nothing is known for %(names)s: fill it in or take it out before sending.")
        raise InvalidInput(said % {"names": ", ".join(variables[:5])[:200]}, code="variable_missing", field=field)
    if personal:
        said = _("Write the personal part before sending: %(prompts)s")
        raise InvalidInput(said % {"prompts": " ".join(personal[:3])[:300]}, code="personal_part_missing", field=field)


def sent_as_it_was(version: MacroVersion, complaint: Complaint, body: str, *, by: Actor) -> bool:
    """Whether what was written is the macro's text for this case and nothing of one's own: rendered again to say so.

    Query cost: what the text's variables read, at most 2.
    """
    return macros.word_for_word(body, macro_values.for_case(version, complaint, agent=by.user))


def refuse_foreign(version: MacroVersion, *, by: Actor, purpose: str) -> None:
    """Raises InvalidInput unknown_macro for a macro that is not the actor's to take, wrong_purpose for words that were
    made for something else than `purpose`. Query cost: 1."""
    if version.purpose != purpose:
        raise InvalidInput(FOREIGN[version.purpose], code="wrong_purpose", field="macro")
    if by.user is None:
        return
    mine = Macro.objects.visible_to(by.user).filter(Q(owner__isnull=True) | Q(owner=by.user.pk), pk=version.macro_id)
    if not mine.exists():
        raise InvalidInput(_("There is no such macro."), code="unknown_macro", field="macro")
