"""Settings > API keys > new: from the form over its review to the key, this once."""

import re

import pytest

from accounts.last_used import recorder
from accounts.models import AuditEvent, Session
from apikeys.models import ApiKey, ApiKeySecret
from tests.apikeys.wishing import KEY, NEW, carried, create, review, typed
from tests.cast import PASSWORD, send
from tests.surfing import age, surf


@pytest.fixture
def surfer(alice):
    return surf(alice)


def test_a_stranger_is_sent_to_the_sign_in_page(client, db):
    assert client.get(NEW)["Location"].startswith("/login?next=")
    assert client.post(NEW, typed(step="create"))["Location"].startswith("/login")
    assert not ApiKey.objects.exists()


def test_the_review_says_in_words_what_the_key_will_do(surfer):
    page = review(
        surfer,
        scopes=["scans_read", "ids_read"],
        expires="never",
        allowed_ips="10.0.0.0/8\n2001:db8::/32",
        per_minute="60",
    ).content.decode()
    assert (
        "Allows: read scan results, read IDS alerts. It never expires, works from "
        "10.0.0.0/8, 2001:db8::/32 only and makes at most 60 requests a minute."
    ) in page
    assert not ApiKey.objects.exists()
    assert not AuditEvent.objects.filter(action="api_key.created").exists()


def test_the_key_is_shown_in_the_answer_and_works(surfer, alice, call):
    answer = create(surfer, allowed_ips="127.0.0.1", burst="5", ip_mode="report")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    (key,) = set(KEY.findall(answer.content.decode()))
    assert call(key).status_code == 200
    api_key = ApiKey.objects.get()
    assert (api_key.name, api_key.scopes) == ("Night build", ["scans_read"])
    assert (api_key.allowed_ips, api_key.ip_mode) == (["127.0.0.1"], "report")
    assert (api_key.burst, api_key.contact) == (5, alice.membership)
    assert 89 <= (api_key.expires_at - api_key.created_at).days <= 90


def test_the_key_is_nowhere_but_in_that_answer(surfer):
    answer = create(surfer)
    (key,) = set(KEY.findall(answer.content.decode()))
    kept = " ".join(morsel.OutputString() for morsel in answer.cookies.values())
    browser = " ".join(morsel.value for morsel in surfer.cookies.values())
    title = re.search(r"<title>.*?</title>", answer.content.decode(), re.S)[0]
    listed = surfer.get("/settings/api-keys").content.decode()
    assert key not in kept + browser + title + listed
    assert key not in str(list(AuditEvent.objects.values()))
    assert key not in str(list(ApiKeySecret.objects.values()))


def test_the_form_itself_makes_the_key_too(surfer):
    nonce = surfer.get(NEW).context["nonce"]
    answer = surfer.post(NEW, typed(form_nonce=nonce))
    assert KEY.search(answer.content.decode())
    again = surfer.post(NEW, typed(form_nonce=nonce, step="create"))
    assert "Already done" in again.content.decode()


def test_going_back_from_the_review_makes_no_second_key(surfer):
    nonce = surfer.get(NEW).context["nonce"]
    page = surfer.post(NEW, typed(form_nonce=nonce, step="review"))
    fields = {**carried(page), "step": "create"}
    assert KEY.search(surfer.post(NEW, fields).content.decode())
    again = surfer.post(NEW, typed(form_nonce=nonce))
    assert "Already done" in again.content.decode()


def test_while_it_is_filled_in_the_page_asks_what_the_key_would_be(surfer):
    answer = surfer.post(NEW, typed(step="line"))
    assert answer.json()["text"].startswith("Allows: read scan results. It expires on ")
    assert surfer.post(NEW, {"step": "line"}).json() == {"text": ""}
    beyond = typed(step="line", per_minute="999999999")
    assert surfer.post(NEW, beyond).json() == {"text": ""}
    assert not ApiKey.objects.exists()


def test_sending_the_form_again_makes_no_second_key(surfer):
    fields = {**carried(review(surfer)), "step": "create"}
    first, again = surfer.post(NEW, fields), surfer.post(NEW, fields)
    assert KEY.search(first.content.decode())
    assert not KEY.search(again.content.decode())
    assert "Already done" in again.content.decode()
    assert f"/settings/api-keys/{ApiKey.objects.get().public_id}" in str(again.content)


def test_a_form_without_its_nonce_makes_nothing(surfer):
    answer = surfer.post(NEW, typed(step="create"))
    assert answer.status_code == 400
    assert not ApiKey.objects.exists()


def test_a_nonce_of_somebody_else_is_a_nonce_like_any_other(surfer, bob):
    fields = {**carried(review(surfer)), "step": "create"}
    surfer.post(NEW, fields)
    other = surf(bob).post(NEW, {**fields, "owner": "me"})
    assert KEY.search(other.content.decode())
    assert ApiKey.objects.count() == 2


def test_who_signed_in_long_ago_is_asked_first_and_gets_the_key_then(surfer):
    fields = {**carried(review(surfer)), "step": "create"}
    age(surfer.session_row)
    question = surfer.post(NEW, fields)
    assert "Confirm it is you" in question.content.decode()
    assert not ApiKey.objects.exists()
    answer = surfer.post(NEW, {**carried(question), "confirm_password": PASSWORD})
    assert KEY.search(answer.content.decode())
    assert PASSWORD not in answer.content.decode()
    assert ApiKey.objects.get().scopes == ["scans_read"]


def test_a_wrong_password_makes_no_key(surfer):
    fields = {**carried(review(surfer)), "step": "create"}
    age(surfer.session_row)
    answer = surfer.post(NEW, {**fields, "confirm_password": "wrong"})
    assert not KEY.search(answer.content.decode())
    assert not ApiKey.objects.exists()


def test_a_sign_in_that_ended_makes_no_key(surfer):
    fields = {**carried(review(surfer)), "step": "create"}
    Session.objects.all().delete()
    assert surfer.post(NEW, fields)["Location"].startswith("/login")
    assert not ApiKey.objects.exists()


def test_the_way_back_from_the_review_keeps_what_was_typed(surfer):
    reviewed = review(surfer, name="<b>", scopes=["scans_read", "billing"], daily="9")
    answer = surfer.post(NEW, {**carried(reviewed), "step": "edit", "name": "<b>"})
    form = answer.context["form"]
    assert form.chosen == ["scans_read", "billing"]
    assert (form["name"].value(), form["daily"].value()) == ("<b>", "9")
    assert not form.errors


def test_a_link_can_fill_the_form_in(surfer):
    link = f"{NEW}?name=CI&scopes=scans_read+cve_read&expires=30&environment=test"
    form = surfer.get(link).context["form"]
    assert form.chosen == ["scans_read", "cve_read"]
    told = [form[name].value() for name in ("name", "expires", "environment")]
    assert told == ["CI", "30", "test"]
    form = surfer.get(f"{NEW}?expires=2031-05-06&scopes=scans_read").context["form"]
    assert form["expires"].value() == "custom"
    assert form["expires_at"].value() == "2031-05-06"


def test_a_link_that_fills_in_nonsense_is_harmless(surfer):
    link = f"{NEW}?name=%3Cscript%3E&scopes=odd,%00&expires=1e9&step=create&set=x"
    answer = surfer.get(link)
    assert answer.status_code == 200
    assert "<script>" not in answer.content.decode().split("<main", 1)[1]
    assert not ApiKey.objects.exists()


def test_the_tabs_show_how_the_key_is_used(surfer, settings):
    page = create(surfer).content.decode()
    key = KEY.search(page)[0]
    assert f"curl {settings.PUBLIC_URL}/api/v1/auth/whoami" in page
    assert f"X-API-Key: {key}" in page
    assert f"NETRECON_API_KEY={key}" in page
    for name in ("Python", "TypeScript", ".env"):
        assert f"<summary>{name}</summary>" in page


def test_a_request_with_the_key_ends_the_waiting(surfer):
    page = create(surfer).content.decode()
    asked = re.search(r'data-keep-asking="([^"]+)"', page)[1]
    assert surfer.get(asked).json()["done"] is False
    send("GET", "/api/v1/auth/whoami", X_API_KEY=KEY.search(page)[0])
    recorder.flush()
    told = surfer.get(asked).json()
    assert told["done"] is True
    assert re.fullmatch(
        r"First request seen at \d\d:\d\d:\d\d UTC from 127.0.0.1.", told["text"]
    )


def test_only_who_has_the_key_learns_of_its_first_use(surfer, carol, bob):
    create(surfer)
    asked = f"/settings/api-keys/{ApiKey.objects.get().public_id}/first-use"
    assert surf(carol).get(asked).status_code == 404
    assert surf(bob).get(asked).status_code == 403
