"""The pages where a person lets a device in: what they say, and where their forms
lead."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from oauth.models import DeviceGrant, Grant
from tests.oauth.conftest import MOUNTS
from tests.oauth.flows import begin_device
from tests.oauth.reading import Page, begin, policy, shown, to_the_question


@pytest.mark.parametrize("mount", MOUNTS)
@pytest.mark.parametrize(
    ("number", "told"),
    [(0, "The device is connected"), (1, "The device was not connected")],
)
def test_a_device_is_let_in_or_not(app, alices, mount, number, told):
    question, _ = to_the_question(alices, app, mount)
    buttons = [form.button for form in question.forms]
    assert buttons == ["Allow", "Cancel"]
    answer = question.forms[number].send(alices.client, f"{mount}/device")
    assert answer.status_code == 200
    assert told in Page(answer).text
    device = DeviceGrant.objects.get()
    assert [device.grant is not None, device.denied_at is not None] == [
        number == 0,
        number == 1,
    ]


def test_the_question_about_a_device_says_who_wants_what(app, alices):
    question, answer = to_the_question(alices, app)
    for words in (
        "A device wants to sign in to your NetRecon account",
        "Slack Bot",
        "Acme , your organization",
        "alice@acme.test",
        "Read scan results scans_read",
    ):
        assert words in question.text
    assert question.forms[0].fields["user_code"] in question.text
    assert policy(answer)["form-action"] == "'self'"


def test_the_question_spells_the_code_as_the_device_does_and_says_when_it_asked(
    app, alices
):
    code, path = begin(app), "/oauth/device"
    typed = code.replace("-", " ").lower()
    form = shown(alices, path).forms[0]
    question = Page(form.send(alices.client, path, user_code=typed)).text
    assert f"your own device shows {code} right now" in question
    assert "It asked just now" in question


@pytest.mark.parametrize(
    ("place", "elsewhere"), [("127.0.0.1", False), ("198.51.100.7", True)]
)
def test_the_question_says_where_the_device_asked_from(app, alices, place, elsewhere):
    begun = begin_device(app)
    assert DeviceGrant.objects.get().address == "127.0.0.1"
    DeviceGrant.objects.update(address=place)
    form = shown(alices, "/oauth/device").forms[0]
    path, code = "/oauth/device", begun["user_code"]
    question = Page(form.send(alices.client, path, user_code=code)).text
    assert f"It asked just now from {place}" in question
    assert ("not where you are" in question) is elsewhere


def test_the_code_can_be_in_the_link_and_is_still_sent_by_hand(app, alices):
    code = begin(app)
    page = shown(alices, f"/oauth/device?user_code={code}")
    field = page.attributes("input", id="user_code")
    assert field["value"] == code
    assert {"autofocus", "required", "autocapitalize", "spellcheck"} <= field.keys()
    assert page.attributes("label", **{"for": "user_code"})
    assert "Only enter a code that you see on your own device." in page.text


def test_a_wrong_code_is_told_beside_the_field(alices):
    path = "/oauth/device"
    answer = (
        shown(alices, path).forms[0].send(alices.client, path, user_code='BCDF"-><')
    )
    page = Page(answer)
    assert answer.status_code == 400
    field = page.attributes("input", id="user_code")
    assert field["value"] == 'BCDF"-><'
    assert field["aria-invalid"] == "true"
    for described in field["aria-describedby"].split():
        assert page.attributes("p", id=described)
    assert "No device waits for this code. Look at the device again." in page.texts


@pytest.mark.parametrize("mount", MOUNTS)
def test_the_pages_after_an_answer_have_forms_that_work(app, alices, bob, mount):
    """They stand at other addresses than the first one, under the same mount."""
    question, _ = to_the_question(alices, app, mount)
    form, path = question.forms[0], f"{mount}/device"
    again = form.send(alices.client, path, membership=bob.membership.public_id)
    assert not Grant.objects.exists()
    done = Page(again).forms[0].send(alices.client, f"{path}/allow")
    assert "The device is connected" in Page(done).text
    late = Page(form.send(alices.client, path)).forms[0]
    answer = late.send(alices.client, f"{path}/allow", user_code=begin(app))
    assert Page(answer).forms[0].button == "Allow"


@pytest.mark.parametrize("mount", MOUNTS)
def test_who_is_not_signed_in_comes_back_to_the_device(app, alice, mount):
    code, client = begin(app), Client()
    answer = client.get(f"{mount}/device", {"user_code": code})
    onward = parse_qs(urlsplit(answer["Location"]).query)["next"]
    assert onward == [f"{mount}/device?user_code={code}"]
