"""Signing in, passwords, preferences and the language switcher (E2; cases F08, F10, F17)."""

import pytest
from django.test import Client
from django.utils import translation

from core.models import OutboxMessage, TrailEntry, User
from core.web.account import time_zones
from core.web.language import back
from tests.cast import PASSWORD, make_agent

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent() -> User:
    return make_agent(name="Dana Whitlock", username="dana", email="dana@house.example")


def choices(**changed: str) -> dict[str, str]:
    return {"name": "Dana Whitlock", "language": "en", "time_zone": "UTC", "theme": "", "shortcuts": "on", **changed}


@pytest.mark.parametrize("known_as", ["dana", "dana@house.example", "DANA@House.example"])
def test_one_signs_in_by_name_or_address(client: Client, agent: User, known_as: str) -> None:
    client.post("/login/", {"username": known_as, "password": PASSWORD})
    assert client.session["_auth_user_id"] == str(agent.pk)


def test_the_refusal_does_not_tell_what_was_wrong(client: Client, agent: User) -> None:
    answers = {
        client.post("/login/", {"username": name, "password": "wrong"}).context["form"].non_field_errors()[0]
        for name in ("dana", "nobody", "nobody@house.example")
    }
    assert len(answers) == 1


def test_signing_out_takes_a_post(client: Client, agent: User) -> None:
    client.force_login(agent)
    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/").url == "/signed-out/"
    assert "_auth_user_id" not in client.session


def test_preferences_are_kept_and_only_a_new_name_is_on_the_trail(client: Client, agent: User) -> None:
    client.force_login(agent)
    answer = client.post("/preferences/", choices(language="ru", time_zone="Europe/Moscow", theme="dark"))
    agent.refresh_from_db()
    assert (answer.status_code, answer.cookies["django_language"].value) == (302, "ru")
    assert (agent.language, agent.time_zone, agent.theme, agent.shortcuts) == ("ru", "Europe/Moscow", "dark", True)
    assert not TrailEntry.objects.filter(kind="user.renamed").exists()
    client.post("/preferences/", choices(name="Dana W."))
    assert TrailEntry.objects.filter(kind="user.renamed", subject_id=agent.pk).count() == 1


def test_preferences_cannot_carry_a_role(client: Client, agent: User) -> None:
    client.force_login(agent)
    client.post("/preferences/", choices(is_admin="on", team="1"))
    agent.refresh_from_db()
    assert not agent.is_admin


def test_wrong_preferences_are_refused_with_a_summary(client: Client, agent: User) -> None:
    client.force_login(agent)
    answer = client.post("/preferences/", choices(name="", time_zone="Mars/Olympus"))
    assert answer.status_code == 400
    assert '<a href="#id_time_zone">' in answer.content.decode()


def test_the_theme_is_pinned_by_the_server(client: Client, agent: User) -> None:
    User.objects.filter(pk=agent.pk).update(theme="dark")
    client.force_login(agent)
    assert 'data-theme="dark"' in client.get("/preferences/").content.decode()


def test_a_changed_password_is_on_the_trail_and_keeps_this_session(client: Client, agent: User) -> None:
    client.force_login(agent)
    new = "an entirely new pass phrase"
    client.post("/preferences/password/", {"old_password": PASSWORD, "new_password1": new, "new_password2": new})
    agent.refresh_from_db()
    assert agent.check_password(new)
    assert client.get("/preferences/").status_code == 200
    assert TrailEntry.objects.filter(kind="user.password_changed", subject_id=agent.pk).count() == 1


def test_a_forgotten_password_is_set_by_the_mailed_link_once(client: Client, agent: User) -> None:
    for _again in range(2):
        assert client.post("/password/", {"email": "dana@house.example"}).url == "/password/sent/"
    mail = OutboxMessage.objects.get(template="password_reset")  # one a minute
    place = mail.context["link"].partition("://")[2].partition("/")[2]
    form = client.get(f"/{place}", follow=True)
    new = "an entirely new pass phrase"
    done = client.post(form.request["PATH_INFO"], {"new_password1": new, "new_password2": new})
    assert done.url == "/password/done/"
    agent.refresh_from_db()
    assert agent.check_password(new)
    assert client.get(f"/{place}", follow=True).context["validlink"] is False


def test_an_unknown_address_gets_the_same_answer_and_no_mail(client: Client) -> None:
    assert client.post("/password/", {"email": "nobody@house.example"}).url == "/password/sent/"
    assert not OutboxMessage.objects.exists()


def test_the_switcher_keeps_the_language_and_goes_back(client: Client, agent: User) -> None:
    answer = client.post("/language/", {"language": "pt", "next": "/login/?next=/complaints/"})
    assert (answer.url, answer.cookies["django_language"].value) == ("/login/?next=/complaints/", "pt")
    client.force_login(agent)
    client.post("/language/", {"language": "es", "next": "/"})
    agent.refresh_from_db()
    assert agent.language == "es"


def test_an_unknown_language_and_a_get_change_nothing(client: Client) -> None:
    assert "django_language" not in client.post("/language/", {"language": "xx"}).cookies
    assert client.get("/language/").status_code == 405


@pytest.mark.parametrize(
    "wanted",
    ["//e", "https:e", "https://e/", "/\\e", "\\/\\/e", "javascript:alert(1)", "/a\n/e", "\t//e", "", "e"],
)
def test_the_switcher_never_leads_to_another_host(client: Client, wanted: str) -> None:
    assert client.post("/language/", {"language": "it", "next": wanted}).url == "/"


def test_a_path_with_a_query_is_ours() -> None:
    assert back(None, "/complaints/?view=all&q=%2f%2fe") == "/complaints/?view=all&q=%2f%2fe"  # type: ignore[arg-type]


def test_every_page_before_signing_in_renders_in_five_languages(client: Client) -> None:
    for code in ("en", "es", "pt", "it", "ru"):
        client.cookies["django_language"] = code
        for place in ("/login/", "/password/", "/password/sent/", "/password/done/", "/signed-out/"):
            page = client.get(place)
            assert (page.status_code, f'<html lang="{code}"' in page.content.decode()) == (200, True), (code, place)
    translation.deactivate()


def test_zones_are_real_and_few_enough_for_a_list() -> None:
    names = [name for name, _label in time_zones()]
    assert {"UTC", "Europe/Lisbon", "America/Sao_Paulo"} <= set(names)
    assert len(names) < 600
