"""What finance says about many payouts at once, as its file does in the browser (mission A7; F25, F27)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from complaints.actions import payout_answers, payouts
from complaints.api.payouts import HANDS_OUT_MONEY
from complaints.payout_files import Answer
from core.api.bodies import Strict
from core.api.fields import Day, Id, Text
from core.api.views import ApiView
from core.clock import now

DONE = ["paid", "failed", "already", "silent", "refused"]


class PayoutAnswer(Strict):
    """Paid on a day under a reference, or failed for a reason. `amount`, `currency`: refused where they are not what
    was granted."""

    payout = Id()
    paid_on = Day(required=False)
    reference = Text(max_length=payouts.REFERENCE, trim=True, required=False)
    failure = Text(max_length=payouts.REASON, trim=True, required=False)
    amount = Text(max_length=40, required=False)
    currency = Text(max_length=3, required=False)


class PayoutAnswersBody(Strict):
    answers = serializers.ListField(child=PayoutAnswer(), allow_empty=False, max_length=1000)
    example: ClassVar = {"answers": [{"payout": "12", "paid_on": "2026-03-09", "reference": "SEPA 4711"}]}


class SettledShape(serializers.Serializer[Any]):
    payout = serializers.CharField()
    done = serializers.ChoiceField(choices=DONE)
    code = serializers.CharField(allow_blank=True, help_text="Why it was refused.")
    detail = serializers.CharField(allow_blank=True)


class SettledList(serializers.Serializer[Any]):
    results = SettledShape(many=True)


class PayoutAnswers(ApiView):
    """Confirm what was paid and what failed, line by line; a refusal concerns its own line alone."""

    access, resource = HANDS_OUT_MONEY, "payouts"
    body, answer = PayoutAnswersBody, SettledList

    def post(self, request: Request) -> HttpResponse:
        given = [Answer(line=line, **one) for line, one in enumerate(self.read(request)["answers"], start=1)]
        done = payout_answers.settle(given, by=self.actor(request), at=now())
        rows = [{"payout": str(one.payout), "done": one.done, "code": one.code, "detail": one.why} for one in done]
        return self.reply({"results": rows})
