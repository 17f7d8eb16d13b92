"""Surveys of the demo as rows: who was asked or not and why, what they answered, which calls followed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

from django.db import connection

from complaints.sla.standing import house_calendar
from core import bulk, dates, trail_rows
from core.actor import Actor
from core.bulk_writer import Load
from core.calendar_compile import compiled
from core.models import TrailEntry
from metrics.actions.answer import call_key
from metrics.demo import feeling
from metrics.demo.comments import COMMENTS, NOTES
from metrics.demo.feeling import Settled
from metrics.models import Invitation, Survey, SurveyResponse, SurveyVersion
from metrics.models.surveys import Suppression, SurveySettings
from retention.demo.people import CALLED, SILENT, UNHAPPY
from retention.demo.ticks import DAY, HOUR, moment, text
from retention.models import FollowUp
from retention.models.care import FollowUpReason

INVITATIONS = bulk.Table(Invitation)
RESPONSES = bulk.Table(SurveyResponse, source="", channel="email")
CALLS = bulk.Table(FollowUp, reason=str(FollowUpReason.DETRACTOR))
CSAT_SHARE = 0.35  # of those asked; the others are asked whether they would recommend us
COMMENTED, MAY_CALL = 0.55, 0.7
SURVEYOR = trail_rows.Signature(Actor.system("metrics.invite"))
ANSWERER = trail_rows.Signature(Actor.customer())
PLANNER = trail_rows.Signature(Actor.system("survey"))
OUTCOMES = ("reached",) * 7 + ("message_left", "message_left", "declined")


class Desk:
    """What is the same for all: the surveys with their newest words, and whom we asked when."""

    def __init__(self, draw: random.Random, now: int, signatures: Callable[[int], trail_rows.Signature]) -> None:
        self.draw, self.now, self.signatures = draw, now, signatures
        self.surveys: dict[str, tuple[Survey, int]] = {}
        for version in SurveyVersion.objects.select_related("survey").order_by("survey", "number"):
            if version.survey.after_resolution and version.survey.kind in ("nps", "csat"):
                self.surveys[version.survey.kind] = (version.survey, version.pk)
        self.cap = SurveySettings.objects.get(pk=1).contact_cap_days * DAY
        self.asked: dict[int, int] = {}
        self.reach = compiled(house_calendar()).reach
        self.today = dates.of_house(moment(now))
        self.as_text = connection.vendor == "postgresql"

    def survey(self) -> tuple[Survey, int]:
        kind = "csat" if self.draw.random() < CSAT_SHARE else "nps"
        return self.surveys.get(kind) or next(iter(self.surveys.values()))


class Batch:
    """The rows of some thousand complaints."""

    def __init__(self, desk: Desk) -> None:
        self.desk, as_text = desk, desk.as_text
        self.invitation = INVITATIONS.pen(
            "id", "version_id", "survey_id", "complaint_id", "customer_id", "key", "language", "recipient",
            "created_at", "due_at", "sent_at", "expires_at", "suppressed", as_text=as_text,
        )  # fmt: skip
        self.response = RESPONSES.pen(
            "id", "kind", "survey_id", "invitation_id", "complaint_id", "customer_id", "score", "comment", "may_call",
            "language", "answered_at", "created_at", "updated_at", as_text=as_text,
        )  # fmt: skip
        self.call = CALLS.pen(
            "id", "customer_id", "owner_id", "about", "complaint_reference", "key", "due_on", "attempts", "done_at",
            "done_by_id", "outcome", "note", "created_at", "updated_at", "version", as_text=as_text,
        )  # fmt: skip
        self.invitations: list[Any] = []
        self.responses: list[Any] = []
        self.calls: list[Any] = []
        self.trail: list[Any] = []
        self._keys = {model: _keys_of(model) for model in (Invitation, SurveyResponse, FollowUp)}

    def load(self) -> Load:
        return [
            (Invitation, INVITATIONS.columns, self.invitations),
            (SurveyResponse, RESPONSES.columns, self.responses),
            (FollowUp, CALLS.columns, self.calls),
            (TrailEntry, trail_rows.KEYLESS, self.trail),
        ]

    def ask(self, one: Settled, *, recipient: str, refuses: tuple[str, ...]) -> str:
        """Ask about a complaint, or say why not; returns the mood it leaves the customer in."""
        desk, draw = self.desk, self.desk.draw
        survey, version = desk.survey()
        due = desk.reach(one.resolved, survey.delay_seconds) or one.resolved + survey.delay_seconds
        reason = self._against(one, due, recipient, refuses)
        key, asked = next(self._keys[Invitation]), text(due) if not reason else None
        expires = text(due + survey.expires_days * DAY) if asked else None
        token = f"{draw.getrandbits(64):016x}"
        address = recipient if asked else ""
        self.invitations.append(
            self.invitation(
                (
                    key, version, survey.pk, one.key, one.customer, token, one.language, address, text(one.resolved),
                    text(due), asked, expires, reason,
                )
            )
        )  # fmt: skip
        if reason:
            return SILENT
        desk.asked[one.customer or 0] = due
        self._entry("invitation", key, one, "invitation.sent", due, SURVEYOR,
                    f'{{"complaint":"{one.reference}","survey":"{survey.code}","version":1}}')  # fmt: skip
        level = feeling.feeling(one, draw)
        at = due + int(draw.expovariate(1 / (30 * HOUR))) + 600
        if at >= desk.now or at - due > survey.expires_days * DAY or draw.random() > feeling.ANSWERS:
            return SILENT
        return self._answer(one, survey, key, level, at, refuses)

    def _against(self, one: Settled, due: int, recipient: str, refuses: tuple[str, ...]) -> str:
        desk = self.desk
        if one.customer is None or not recipient:
            return str(Suppression.NO_ADDRESS)
        if "surveys" in refuses:
            return str(Suppression.NO_CONSENT)
        if due - desk.asked.get(one.customer, 0) < desk.cap:
            return str(Suppression.CONTACT_CAP)
        return str(Suppression.NOT_DRAWN) if due >= desk.now else ""

    def _answer(
        self, one: Settled, survey: Survey, invitation: int, level: float, at: int, refuses: tuple[str, ...]
    ) -> str:
        draw, key, when = self.desk.draw, next(self._keys[SurveyResponse]), text(at)
        score = feeling.score(level, survey.kind)
        mood, words = feeling.mood(score, survey.kind), ""
        if draw.random() < COMMENTED:
            said = COMMENTS[one.language][mood]
            words = said[int(draw.random() * len(said))]
        may_call = draw.random() < MAY_CALL
        self.responses.append(
            self.response(
                (
                    key, survey.kind, survey.pk, invitation, one.key, one.customer, score, words, may_call,
                    one.language, when, when, when,
                )
            )
        )  # fmt: skip
        self._entry("surveyresponse", key, one, "surveyresponse.recorded", at, ANSWERER,
                    f'{{"complaint":{one.key},"kind":"{survey.kind}","score":{score}}}')  # fmt: skip
        if mood != UNHAPPY or "calls" in refuses:
            return mood
        return self._call(one, f"{survey.kind.upper()} {score}", key, at)

    def _call(self, one: Settled, about: str, response: int, at: int) -> str:
        """The call about an unhappy answer: made by now, or waiting, some too long."""
        desk, draw = self.desk, self.desk.draw
        due_on = two_working_days(moment(at).date())
        key = next(self._keys[FollowUp])
        outcome = OUTCOMES[int(draw.random() * len(OUTCOMES))]
        attempts = 2 if outcome == "message_left" else int(draw.random() < 0.2)
        done, done_by, note = None, None, ""
        ready = int(at + 2 * DAY)
        if due_on < desk.today and ready + 4 * HOUR < desk.now:
            notes = NOTES[one.language][outcome]
            done, done_by, note = text(_in_the_day(due_on, draw)), one.owner, notes[int(draw.random() * len(notes))]
        else:
            outcome, attempts = "", 0
        body = f'{{"complaint":"{one.reference}","due_on":"{due_on}","owner":{one.owner},"reason":"detractor"}}'
        chain = self._entry("followup", key, one, "followup.planned", at, PLANNER, body)
        if done:
            ended = _second_of(done)
            self._entry("followup", key, one, "followup.completed", ended, desk.signatures(one.owner),
                        f'{{"outcome":"{outcome}"}}', chain)  # fmt: skip
        self.calls.append(
            self.call(
                (
                    key, one.customer, one.owner, about, one.reference, call_key(response), due_on.isoformat(),
                    attempts, done, done_by, outcome, note, text(at), done or text(at), 1 + attempts + bool(done),
                )
            )
        )  # fmt: skip
        return CALLED if outcome == "reached" else UNHAPPY

    def _entry(
        self,
        subject: str,
        key: int,
        one: Settled,
        kind: str,
        at: int,
        who: trail_rows.Signature,
        body: str,
        chain: trail_rows.Chain | None = None,
    ) -> trail_rows.Chain:
        chain = chain or trail_rows.Chain(subject, key, one.customer)
        if self.desk.as_text:
            self.trail.append(chain.line(kind, who, at * 1_000_000, text(at), body))
        else:
            self.trail.append(chain.seal(None, kind, who, at * 1_000_000, text(at), body)[1:])
        return chain


def two_working_days(day: date) -> date:
    """Two days on, weekends left out."""
    for _step in range(2):
        day += timedelta(days=1)
        while day.weekday() > 4:
            day += timedelta(days=1)
    return day


def _in_the_day(day: date, draw: random.Random) -> int:
    """Some second between nine and five (UTC)."""
    midnight = (day - date(1970, 1, 1)).days * DAY
    return midnight + 9 * HOUR + int(draw.random() * 8 * HOUR)


def _second_of(written: str) -> int:
    """The second of `2026-03-02 09:00:00`."""
    day, clock = date.fromisoformat(written[:10]), written[11:]
    hours, minutes, seconds = map(int, clock.split(":"))
    return (day - date(1970, 1, 1)).days * DAY + hours * HOUR + minutes * 60 + seconds


def _keys_of(model: type[Any], at_once: int = 2_000) -> Iterator[int]:
    """Keys as they are needed."""
    while True:
        yield from bulk.new_keys(model, at_once)
