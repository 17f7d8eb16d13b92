"""New rows at little cost are the rows Django would have made; prepared statements stay with their connection."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from complaints.models import Clock, Complaint, Narrative
from core import rows
from core.models import OutboxMessage, TrailEntry, User
from tests.cast import make_agent

MODELS = (Clock, Complaint, Narrative, OutboxMessage, TrailEntry, User)


@pytest.mark.parametrize("model", MODELS)
def test_a_new_row_has_the_values_django_gives_it(model: type[models.Model]) -> None:
    quick, slow = rows.new(model), model()
    names = [field.attname for field in model._meta.concrete_fields if field.attname != "reference"]
    assert [getattr(quick, name) for name in names] == [getattr(slow, name) for name in names]
    assert (quick._state.adding, quick._state.db) == (True, None)


def test_defaults_made_anew_are_not_shared() -> None:
    one, other = rows.new(User), rows.new(User)
    assert one.languages == other.languages == []
    assert one.languages is not other.languages


def test_a_relation_is_kept_with_its_key() -> None:
    owner = User(pk=7, username="dana")
    complaint = rows.new(Complaint, owner=owner, customer=None, team_id=3)
    assert complaint.owner is owner
    assert (complaint.owner_id, complaint.customer_id, complaint.team_id) == (7, None, 3)
    assert complaint.customer is None


def test_what_is_no_field_is_refused() -> None:
    with pytest.raises(TypeError, match="no field colour"):
        rows.new(Complaint, colour="red")


SQL = "SELECT id FROM core_user WHERE username = %s AND username LIKE 'd%%'"


@pytest.mark.django_db
def test_a_prepared_statement_answers_like_any_other() -> None:
    dana = make_agent(username="dana")
    for name, expected in (("dana", (dana.pk,)), ("nobody", None), ("dana", (dana.pk,)), ("d' OR 'd' = 'd", None)):
        assert rows.ask(SQL, [name]) == expected


@pytest.mark.postgresql
@pytest.mark.django_db
def test_a_statement_is_prepared_once_and_not_behind_a_pooler(monkeypatch: Any) -> None:
    own = SQL + " AND 1 = 1"
    rows.ask(own, ["dana"])
    with CaptureQueriesContext(connection) as seen:
        rows.ask(own, ["dana"])
    assert [query["sql"].split()[0] for query in seen.captured_queries] == ["EXECUTE"]
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)
    with CaptureQueriesContext(connection) as seen:
        rows.ask(own, ["dana"])
    assert [query["sql"].split()[0] for query in seen.captured_queries] == ["SELECT"]


@pytest.mark.django_db(transaction=True)
def test_a_new_connection_starts_with_nothing_prepared() -> None:
    dana = make_agent(username="dana")
    assert rows.ask(SQL, ["dana"]) == (dana.pk,)
    if connection.vendor == "postgresql":
        connection.close()
    assert rows.ask(SQL, ["dana"]) == (dana.pk,)
