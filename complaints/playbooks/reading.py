"""What has to be read, who has confirmed it and who has not (mission A6, D1).

To be read: the version in force of every playbook in use, and of every article that asks for it. By everybody who takes
cases, whoever joins later too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from complaints.models import ArticleVersion, Reading
from complaints.playbooks import articles
from complaints.playbooks.content import Texts, said
from complaints.playbooks.memory import editions
from core.cached import Cached
from core.models import Team, User

PLAYBOOK, ARTICLE = "playbook", "article"


@dataclass(frozen=True, slots=True)
class Item:
    """A version that has to be read. `id`: of the playbook or article."""

    kind: str
    id: int
    version_id: int
    number: int
    titles: Texts
    what_changed: str
    published_at: datetime

    @property
    def title(self) -> str:
        return said(self.titles)


@Cached
def demanded() -> list[Item]:
    """Everything to be read, the newest first. Query cost: one every few seconds per process, and that of editions."""
    found = [
        Item(PLAYBOOK, one.playbook.pk, one.id, one.number, one.playbook.names or {"en": one.playbook.name},
             one.what_changed, one.published_at)
        for one in editions().values()
    ]  # fmt: skip
    for version in articles.in_force().filter(article__must_confirm=True).defer("bodies", "words"):
        if version.published_at is not None:
            found.append(
                Item(ARTICLE, version.article_id, version.pk, version.number, version.titles, version.what_changed,
                     version.published_at)
            )  # fmt: skip
    return sorted(found, key=lambda item: (item.published_at, item.version_id), reverse=True)


@Cached
def counts() -> dict[int, int]:
    """How many of them each person has confirmed, by their key. Query cost: one every few seconds per process."""
    rows = Reading.objects.filter(_of(demanded())).values_list("user").annotate(n=Count("pk")).order_by()
    return dict(rows)


def unread(user: User) -> int:
    """How many versions somebody still has to read; none for those who take no cases. No query in a while."""
    if not user.sees_cases:
        return 0
    return max(0, len(demanded()) - counts().get(user.pk, 0))


def of(user: User) -> list[tuple[Item, datetime | None]]:
    """Everything to be read, and when `user` confirmed it; what is open first. Query cost: 1."""
    own = Reading.objects.filter(_of(demanded()), user=user)
    confirmed: dict[tuple[str, int], datetime] = {}
    for playbook, article, at in own.values_list("playbook_version", "article_version", "at"):
        confirmed[(PLAYBOOK, playbook) if playbook else (ARTICLE, article)] = at
    found = [(item, confirmed.get((item.kind, item.version_id))) for item in demanded()]
    return sorted(found, key=lambda one: one[1] is not None)


def has_read(user: User, kind: str, version_id: int) -> datetime | None:
    """When `user` confirmed a version. Query cost: 1."""
    name = f"{kind}_version"
    return Reading.objects.filter(user=user, **{name: version_id}).values_list("at", flat=True).first()


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who has to read a version, and when they confirmed it."""

    user: User
    at: datetime | None


@dataclass(frozen=True, slots=True)
class TeamReaders:
    """The members of a team (None: people of no team)."""

    team: Team | None
    readers: list[Reader]

    @property
    def confirmed(self) -> int:
        return sum(reader.at is not None for reader in self.readers)


def standing(kind: str, version_id: int, viewer: User) -> list[TeamReaders]:
    """Who has confirmed a version and who has not, by team: for managers and administrators everybody, for leads the
    teams they lead. Query cost: 3."""
    people = User.objects.who_take_cases()
    if not viewer.roles & {"manager", "admin"}:
        people = people.filter(Q(team__in=viewer.led_team_ids) | Q(pk=viewer.pk))
    at = dict(Reading.objects.filter(**{f"{kind}_version": version_id}).values_list("user", "at"))
    teams = {team.pk: team for team in Team.objects.all()}
    led = {team.lead_id: team.pk for team in teams.values() if team.is_active}
    grouped: dict[int | None, list[Reader]] = {}
    for user in people.order_by("name", "username"):
        grouped.setdefault(user.team_id or led.get(user.pk), []).append(Reader(user, at.get(user.pk)))
    found = [TeamReaders(teams[key], grouped[key]) for key in teams if key in grouped]
    return [*found, *([TeamReaders(None, grouped[None])] if None in grouped else [])]


def _of(items: Iterable[Item]) -> Q:
    """Readings of these versions."""
    listed = list(items)
    playbooks = [item.version_id for item in listed if item.kind == PLAYBOOK]
    own = [item.version_id for item in listed if item.kind == ARTICLE]
    return Q(playbook_version__in=playbooks) | Q(article_version__in=own)


def newest_article(article_id: int) -> ArticleVersion | None:
    """The version in force of one article, whether the article is in use or not. Query cost: 1."""
    published = ArticleVersion.objects.filter(article=article_id, published_at__isnull=False)
    return published.select_related("article").order_by("-number").first()
