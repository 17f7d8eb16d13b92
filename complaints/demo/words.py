"""Macros of the demo's people, and past messages that began with them: whether word for word is found out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from complaints.actions import macros, words
from complaints.actions.macros import OWN, TEAM, Draft
from complaints.demo import SOURCE
from complaints.demo.cast import LISBON
from complaints.demo.texts import BOOKS
from complaints.models import Macro, MacroVersion, Message, Purpose
from complaints.models.conversation import OUT
from complaints.models.words import NOTE
from core.actor import Actor
from core.models import Team, User

NEWS = {
    "en": "Nothing new yet",
    "es": "Todavía sin novedades",
    "pt": "Ainda sem novidades",
    "it": "Ancora nessuna novità",
    "ru": "Пока без новостей",
}
PHOTO = {
    "en": "{{ greeting }}\n\nCould you send me a photo of the label on the parcel? [[ why it helps in this case ]] "
    "With it the carrier can tell which van it was in.",
    "pt": "{{ greeting }}\n\nVocê pode me enviar uma foto da etiqueta do pacote? [[ por que ajuda neste caso ]] "
    "Com ela a transportadora descobre em que veículo estava.",
    "ru": "{{ greeting }}\n\nПришлите, если можно, фото этикетки на посылке. [[ чем это поможет в этом случае ]] "
    "По ней перевозчик поймёт, в какой машине она ехала.",
}


def seed(members: dict[str, User], *, at: datetime) -> None:
    """A team's macro, two of the agent's own, and the messages of the past that came from macros."""
    agent, lead = (User.objects.get(pk=members[name].pk) for name in ("agent", "lead"))
    names = {"en": "Photo of the label", "pt": "Foto da etiqueta", "ru": "Фото этикетки"}
    wait = [{"action": "wait", "values": {"reason": "a photo of the label"}}]
    macros.create(Draft(names, PHOTO, does=wait, circle=OWN), by=Actor.person(agent), at=at)
    asked = {"en": "Asked the warehouse about {{ reference }}, order {{ order_number|unknown }}. [[ what exactly ]]"}
    note = Draft({"en": "Asked the warehouse"}, asked, purpose=NOTE, circle=OWN)
    macros.create(note, by=Actor.person(agent), at=at)
    texts = {
        language: f"{book.greeting.format(first='{{ customer.first_name }}')}\n\n{book.progress[-1]}"
        for language, book in BOOKS.items()
        if language in NEWS
    }
    shared = Draft(NEWS, texts, circle=TEAM, team=Team.objects.get(name=LISBON))
    news = macros.create(shared, by=Actor.person(lead), at=at)
    _begun(news.current, [book.progress[-1] for book in BOOKS.values()])


def _begun(news: MacroVersion | None, said: Sequence[str]) -> None:
    """Which messages of the past came from which macro."""
    received = Macro.objects.filter(owner__isnull=True, team__isnull=True).order_by("position").first()
    first = received.current if received else None
    sent = Message.objects.filter(complaint__source=SOURCE, direction=OUT, author__isnull=False)
    changed = []
    for message in sent.select_related("complaint__customer", "complaint__team", "author").order_by("pk"):
        from_news = any(words_ in message.body for words_ in said)
        acknowledges = message.purpose == Purpose.ACKNOWLEDGEMENT and message.pk % 3
        version = news if from_news else first if acknowledges else None
        if version is None:
            continue
        by = Actor.person(message.author)
        message.macro = version
        message.word_for_word = words.sent_as_it_was(version, message.complaint, message.body, by=by)
        changed.append(message)
    Message.objects.bulk_update(changed, ["macro", "word_for_word"], batch_size=500)


def purge(people: Sequence[User]) -> None:
    """Their macros; of a macro of others they once changed only the name goes."""
    Macro.objects.filter(versions__number=1, versions__made_by__in=people).delete()
    MacroVersion.objects.filter(made_by__in=people).update(made_by=None)
