"""Customers are found as people type them: five languages, addresses, numbers, orders, ids (mission B3, E2)."""

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from core import clock
from retention import search
from retention.models import Customer, Purchase
from retention.names import BEHIND, LONGEST, LONGEST_KEY, fold, search_key, spellings
from tests.cast import make_agent, make_complaint, make_customer
from tests.tokens import bearer

NAMES = {
    "José Álvarez Muñoz": ("jose", "JOSÉ", "alvarez", "munoz", "muñoz jose", "José Álv"),
    "João Conceição": ("joao", "conceicao", "CONCEIÇÃO"),
    "Niccolò Dell’Aquila": ("niccolo", "dell'aquila", "aquila"),
    "Пётр Соловьёв": ("петр", "пётр", "соловьев", "СОЛОВЬЁВ", "соловь петр"),
    "Jürgen Müller-Weiß": ("muller", "Müller", "mueller", "MUELLER", "weiss", "weiß", "jurgen"),
    "Anna Mueller": ("müller anna", "mueller"),
    "İrem Işık": ("irem", "IREM", "isik", "İREM", "ışık"),
    "Øystein Łukasz": ("oystein", "lukasz"),
    "Ольга Щукина": ("olga", "OLGA shchukina", "olga schukina", "щукина ольга"),
    "Юлия Хабарова": ("yuliya", "yulia", "julia", "iulia khab", "julia habarova"),
    "Дмитрий Чайковский": ("dmitri", "dmitriy chaykovskiy", "Tschaikowski", "dmitry chai"),
    "Maria Carolina Vaz": ("Мария", "мария каролина", "каролина"),
    "Viktor Alexandrov": ("Виктор", "Александров", "виктор алекс"),
    "Γιώργος Παπάς": ("giorgos", "papas"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", NAMES)
def test_names_are_found_whatever_the_accents(name):
    made = {one: make_customer(one) for one in NAMES}
    for words in NAMES[name]:
        assert made[name].pk in search.matches(words), words


@pytest.mark.django_db
def test_across_alphabets_nobody_else_is_found():
    olga, oleg = make_customer("Ольга Ким"), make_customer("Олег Ким")
    assert search.matches("olga") == [olga.pk] and search.matches("oleg kim") == [oleg.pk]
    assert search.matches("olga petrova") == []


@pytest.mark.django_db
def test_every_door_finds_across_alphabets(client):
    """List, find-as-you-type and API find Ольга by olga and Maria by Мария; the list stays sorted by the names."""
    olga, maria = make_customer("Ольга Ким"), make_customer("Maria Vaz")
    agent = make_agent()
    client.force_login(agent)
    for words, wanted, other in (("olga", olga, maria), ("Мария", maria, olga)):
        for address in ("customers", "customer_find"):
            page = client.get(reverse(address), {"q": words}).content.decode()
            assert wanted.name in page and other.name not in page, (address, words)
        found = Client().get("/api/v1/customers/", {"search": words}, headers=bearer(agent)).json()["results"]
        assert [one["id"] for one in found] == [str(wanted.pk)]


@pytest.mark.django_db
def test_the_migration_gives_known_names_their_sound_and_takes_it_back():
    migration = import_module("retention.migrations.0006_names_by_sound")
    made = [make_customer(name) for name in ("Ольга Ким", "Ana Vaz", "")]
    Customer.objects.filter(pk=made[0].pk).update(name_key="ольга ким")
    migration.CHUNK, before = 1, [one.name_key for one in made]
    migration.add_sounds(apps, None)
    assert [Customer.objects.get(pk=one.pk).name_key for one in made] == before
    assert before[0] == "ольга ким  olga kim" and before[1] == "ana vaz"
    migration.drop_sounds(apps, None)
    assert Customer.objects.get(pk=made[0].pk).name_key == "ольга ким"


@pytest.mark.django_db
def test_the_surest_come_first_and_merged_records_never():
    exact = make_customer("Somebody Else", external_id="whit", source="crm")
    begins = make_customer("Whitlock Ltd")
    inside = make_customer("Dana Whitman")
    gone = make_customer("Whitney Gone")
    Customer.objects.filter(pk=gone.pk).update(merged_into=begins)
    found = search.find("whit", Customer.objects.filter(merged_into__isnull=True), 10)
    assert found == [exact, begins, inside]


@pytest.mark.django_db
def test_addresses_numbers_orders_and_ids():
    dana = make_customer("Dana", email="Dana.W@Mail.Example", phone="+351 912 345 678", external_id="A/7", source="crm")
    now = clock.now()
    Purchase.objects.create(
        customer=dana, order_number="HM-20931", purchased_at=now, currency="EUR", created_at=now, updated_at=now
    )
    make_complaint(customer=dana, order_number="ZX-1")
    other = make_customer("Other", phone="+49 30 99999999")
    for words in (
        "dana.w@", "DANA.W@mail.example", "+351 912", "00351 912 345", "912 345", "0912 345 678", "5678",
        "HM-20931", "hm-20931", "zx-1", "A/7",
    ):  # fmt: skip
        assert search.matches(words) == [dana.pk], words
    assert other.pk not in search.matches("912345678")
    for words in ("", "  ", "%", "_", "\\", "'", "a\0b", "&|!:*", "<script>", "x" * 5000, "nobody at all"):
        assert search.matches(words) == [], words


@pytest.mark.django_db
def test_one_statement_whatever_is_typed(django_assert_num_queries):
    make_customer("Dana Whitlock")
    for words in ("dana", "mueller", "+351 912 345", "HM-1"):
        with django_assert_num_queries(1):
            search.matches(words)


@pytest.mark.django_db
@pytest.mark.postgresql
def test_every_look_goes_into_an_index():
    """With sequential scans forbidden none is left: each part of the statement has an index to use."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_indexes WHERE indexname = 'contactpoint_phone_parts'")
        trigrams = cursor.fetchone()[0]
        cursor.execute("SET LOCAL enable_seqscan = off")
        for words in ("mueller anna", "dana@", "HM-7", *(["912345"] if trigrams else [])):
            for way in search._ways(words):
                plan = way[:50].explain()
                assert "Seq Scan" not in plan, (words, plan)


@given(st.text(max_size=250))
def test_folding_is_stable(name):
    once = fold(name)
    assert fold(once) == once and len(once) <= LONGEST and "  " not in once
    assert len(spellings(name)) <= 4
    key = search_key(name)
    assert len(key) <= LONGEST_KEY and key.split(BEHIND)[0] == once


@pytest.mark.django_db
def test_the_queue_finds_cases_by_a_name_in_another_alphabet(client):
    agent = make_agent()
    case = make_complaint(customer=make_customer("Ольга Ким"), owner=agent)
    other = make_complaint(customer=make_customer("Maria Vaz"), owner=agent)
    client.force_login(agent)
    page = client.get("/complaints/", {"view": "all", "q": "olga"}).content.decode()
    assert case.reference in page and other.reference not in page
